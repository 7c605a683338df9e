-- The Ed25519 keys that sign access tokens.
CREATE TABLE auth.signing_keys (
    -- The key's thumbprint (RFC 7638).
    kid           text        NOT NULL,
    -- Published, then signing, then only published.
    state         text        NOT NULL,
    public_key    bytea       NOT NULL,
    -- PKCS#8, sealed under the service's own secret with the kid as context.
    sealed_key    bytea       NOT NULL,
    created_at    timestamptz NOT NULL,

    CONSTRAINT signing_keys_pkey PRIMARY KEY (kid),
    CONSTRAINT signing_keys_state_check CHECK (state IN ('pending', 'active', 'retired')),
    CONSTRAINT signing_keys_public_key_check CHECK (octet_length(public_key) = 32)
);

-- However many replicas start at once, one key signs.
CREATE UNIQUE INDEX signing_keys_active_key ON auth.signing_keys (state) WHERE state = 'active';
