-- Organizations, users, keys, providers, usage. Times are microseconds since 1970-01-01 UTC, money is
-- nano-dollars.

CREATE TABLE organizations (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL,   -- argon2id in its own text form
    active        INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
    organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;

-- Ids are never used again: usage rows go on naming keys that are gone.
CREATE TABLE api_keys (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    user_id         INTEGER REFERENCES users (id) ON DELETE SET NULL,
    name            TEXT NOT NULL,
    description     TEXT NOT NULL DEFAULT '',
    prefix          TEXT NOT NULL,   -- to show
    last_four       TEXT NOT NULL,   -- to show
    hash            BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),   -- SHA-256 of the whole key
    permissions     INTEGER NOT NULL,   -- bits: 1 read, 2 write, 4 admin
    active          INTEGER NOT NULL DEFAULT 1,
    preset          INTEGER NOT NULL DEFAULT 0,   -- given by the environment
    expires_at      INTEGER,
    last_used_at    INTEGER,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;

-- Providers entered through the API; those of the configuration are never here.
CREATE TABLE providers (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    name            TEXT NOT NULL,
    vendor          TEXT NOT NULL,
    base_url        TEXT NOT NULL DEFAULT '',
    enabled         INTEGER NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (organization_id, name)
) STRICT;

-- AES-256-GCM; the additional data binds a record to its table, row and key version.
CREATE TABLE provider_credentials (
    provider_id INTEGER PRIMARY KEY REFERENCES providers (id) ON DELETE CASCADE,
    key_version INTEGER NOT NULL,
    sealed      BLOB NOT NULL,   -- nonce, ciphertext, tag
    updated_at  INTEGER NOT NULL
) STRICT;

-- One row: a known text under the master key, to notice another key at the start.
CREATE TABLE vault_check (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    key_version INTEGER NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;

-- Texts that usage rows name by a small number.
CREATE TABLE names (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- One row for each admitted request. Narrow, and without a further index: the id rises with time.
CREATE TABLE usage (
    id                INTEGER PRIMARY KEY,   -- the request's id
    started_at        INTEGER NOT NULL,
    key_id            INTEGER NOT NULL,
    organization_id   INTEGER NOT NULL,
    model_asked       INTEGER NOT NULL,   -- names.id, as the next two
    model_served      INTEGER NOT NULL,
    provider          INTEGER NOT NULL,
    prompt_tokens     INTEGER,   -- NULL: unknown, as in the next six
    completion_tokens INTEGER,
    cache_read        INTEGER,
    cache_write       INTEGER,
    reasoning         INTEGER,
    audio_in          INTEGER,
    audio_out         INTEGER,
    source            INTEGER NOT NULL,   -- 0 none, 1 reported, 2 estimated
    clamped           INTEGER NOT NULL,   -- a nonsensical number of the provider was replaced
    cost_nanos        INTEGER,   -- NULL: unpriced
    status            INTEGER NOT NULL,   -- 0: the process ended before an answer
    error             INTEGER,   -- names.id of the error's label
    finish_reason     INTEGER,   -- names.id
    stream            INTEGER NOT NULL,
    total_us          INTEGER NOT NULL,
    first_token_us    INTEGER,
    overhead_us       INTEGER NOT NULL,
    attempts          INTEGER NOT NULL
) STRICT;

CREATE VIEW usage_rows AS
SELECT
    u.id,
    u.started_at,
    u.organization_id,
    u.key_id AS api_key_id,
    k.name AS key_name,
    asked.text AS model_asked,
    served.text AS model_served,
    provider.text AS provider,
    u.prompt_tokens,
    u.completion_tokens,
    u.cache_read AS cached_tokens,
    u.cache_write AS cache_write_tokens,
    u.reasoning AS reasoning_tokens,
    u.audio_in AS audio_in_tokens,
    u.audio_out AS audio_out_tokens,
    CASE u.source WHEN 1 THEN 'reported' WHEN 2 THEN 'estimated' ELSE 'none' END AS usage_source,
    u.clamped,
    u.cost_nanos,
    u.status,
    error.text AS error_code,
    finish.text AS finish_reason,
    u.stream,
    u.total_us,
    u.first_token_us,
    u.overhead_us,
    u.attempts,
    CASE
        WHEN error.text IS NULL THEN 'completed'
        WHEN error.text = 'client_left' THEN 'client_left'
        WHEN error.text = 'interrupted' THEN 'interrupted'
        ELSE 'failed'
    END AS state
FROM usage AS u
LEFT JOIN api_keys AS k ON k.id = u.key_id
LEFT JOIN names AS asked ON asked.id = u.model_asked
LEFT JOIN names AS served ON served.id = u.model_served
LEFT JOIN names AS provider ON provider.id = u.provider
LEFT JOIN names AS error ON error.id = u.error
LEFT JOIN names AS finish ON finish.id = u.finish_reason;

-- How far each ledger segment has been moved into usage.
CREATE TABLE ledger_checkpoints (
    segment INTEGER PRIMARY KEY,
    moved   INTEGER NOT NULL   -- bytes
) STRICT;

INSERT INTO organizations (id, name, created_at, updated_at)
VALUES (1, 'Default', unixepoch() * 1000000, unixepoch() * 1000000);
