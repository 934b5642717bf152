# The image of xet: one static executable, the certificates of authorities, an empty /data. No shell, no libc, no root.
#
#   docker build -t xet .
#   docker buildx build --platform linux/amd64,linux/arm64 -t xet .
#
# The second line compiles for each platform on a machine of that platform if the builder has one (docker buildx create
# --append --platform linux/arm64 ssh://HOST); else under emulation, which works but takes hours.
#
# Where the Swift image cannot be pulled, `make image LOCAL=1` puts a folder in the place of the first stage
# (--build-context build=FOLDER), with the binary of `make build` in it.

ARG SWIFT_VERSION=6.3

FROM docker.io/library/swift:${SWIFT_VERSION}-bookworm AS build
ARG TARGETARCH
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils ca-certificates liblz4-dev libsqlite3-dev make pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Makefile Package.swift ./
COPY scripts scripts
COPY Sources Sources
COPY Tests Tests
# Compiled packages stay with the builder, apart for each platform: a second build takes seconds.
RUN --mount=type=cache,id=xet-build-${TARGETARCH},target=/source/.build,sharing=locked \
    make build RELEASE_FOLDER=.build \
    && mkdir -p /out/etc/ssl/certs /data \
    && strip -o /out/xet .build/release/xet \
    && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt

FROM scratch
LABEL org.opencontainers.image.title="xet" \
      org.opencontainers.image.description="Files stored in XET, for any HTTP client" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /out/ /
# A volume that is mounted here for the first time takes its owner over.
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
EXPOSE 8080
# HOST and PORT are read as the proxy reads them.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 CMD ["/xet", "health"]
ENTRYPOINT ["/xet"]
CMD ["proxy"]
