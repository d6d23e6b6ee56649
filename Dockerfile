# syntax=docker/dockerfile:1

# The server as deployed: release build, no demo data, nobody's superuser.

FROM rust:1.95.0-bookworm AS build
# The version that `cargo xtask` uses; see xtask/src/setup/programs.rs.
ARG CARGO_LEPTOS=0.3.10
# The toolchain of the image, not one that rust-toolchain.toml would have it fetch.
ENV RUSTUP_TOOLCHAIN=1.95.0
RUN rustup target add wasm32-unknown-unknown
# The tool's own release profile takes a quarter of an hour, and saves nothing here.
RUN CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
    cargo install --locked --version "=${CARGO_LEPTOS}" cargo-leptos
WORKDIR /build
COPY . .
# Development erases component types (.cargo/config.toml); what is deployed does not.
ENV RUSTFLAGS=""
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target,sharing=locked \
    cargo leptos build --release --precompress \
    && mkdir /out \
    && cp target/release/orghub-server /out/ \
    && cp -r target/site /out/site

FROM debian:bookworm-slim
# curl asks for the health; certificates of third parties are compiled in.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home orghub
COPY --from=build /out/orghub-server /usr/local/bin/
COPY --from=build /out/site /srv/orghub/site
ENV APP_ENV=production \
    SITE_ADDR=0.0.0.0:3000 \
    LEPTOS_SITE_ROOT=/srv/orghub/site
USER 10001
WORKDIR /srv/orghub
EXPOSE 3000
# Alive, that is. Whether it should be sent requests is said by /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:3000/healthz"]
ENTRYPOINT ["orghub-server"]
CMD ["serve"]
