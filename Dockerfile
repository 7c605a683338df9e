# One image for each program: --build-arg PROGRAM=auth-service, todo-service or certs.
# The build stage is the same for all three, so it runs once.

FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
# The queries were checked against a database before; .sqlx/ holds what it said.
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --release -p auth-service -p todo-service -p certs && \
    install -D -t /programs target/release/auth-service target/release/todo-service target/release/certs && \
    mkdir /mail

# The C library, no shell, no package manager; user 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG PROGRAM
COPY --from=build /programs/${PROGRAM} /program
# A volume that is mounted here belongs to the program's user.
COPY --from=build --chown=65532:65532 /mail /mail
USER 65532:65532
ENTRYPOINT ["/program"]
