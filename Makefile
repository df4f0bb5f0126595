# The way in for platforms that build connectors by make: one executable, build/Release/towline.
# Everybody else uses cmake --preset release.
# Everything but libc is linked in; STATIC=FULL takes libc in, too, STATIC=OFF the system's libraries.
STATIC = ON
WORK = build/connector
RELEASE = build/Release

.PHONY: build_connector build_dependencies
build_connector:
	cmake -S . -B $(WORK) -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DTOWLINE_STATIC=$(STATIC)
	cmake --build $(WORK) --target towline
	mkdir -p $(RELEASE)
	strip -o $(RELEASE)/towline $(WORK)/towline

build_dependencies:
	fixtures/install
