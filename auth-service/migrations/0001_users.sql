-- Names and addresses compare by the bytes of ASCII letters: collation "C" lowers nothing else, in every locale, and an
-- operating system's new collation cannot corrupt the unique indexes.
CREATE TABLE auth.users (
    id                uuid        NOT NULL,
    -- As typed at registration.
    username          text        NOT NULL COLLATE "C",
    display_name      text        NOT NULL,
    email             text        COLLATE "C",
    -- Null until mail to the address was answered; a new address sets it null again.
    email_verified_at timestamptz,
    -- A PHC string: algorithm, parameters, salt and hash.
    password_hash     text        NOT NULL,
    roles             text[]      NOT NULL,
    state             text        NOT NULL,
    -- Raised by what ends all earlier access tokens of the user.
    epoch             bigint      NOT NULL,
    -- Raised by every change: the etag.
    revision          bigint      NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,

    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_username_check CHECK (username ~ '^[A-Za-z][A-Za-z0-9_-]{2,31}$'),
    CONSTRAINT users_display_name_check CHECK (char_length(display_name) <= 100),
    CONSTRAINT users_email_check CHECK (email ~ '^[!-?A-~]+@[!-?A-~]+$' AND char_length(email) <= 254),
    CONSTRAINT users_email_verified_check CHECK (email_verified_at IS NULL OR email IS NOT NULL),
    CONSTRAINT users_roles_check CHECK (roles <@ ARRAY['admin']),
    CONSTRAINT users_state_check CHECK (state IN ('active', 'disabled')),
    CONSTRAINT users_epoch_check CHECK (epoch >= 0),
    CONSTRAINT users_revision_check CHECK (revision >= 1)
);

CREATE UNIQUE INDEX users_username_key ON auth.users (lower(username));

-- Several users may state one address; only one of them can own it.
CREATE UNIQUE INDEX users_verified_email_key ON auth.users (lower(email)) WHERE email_verified_at IS NOT NULL;
