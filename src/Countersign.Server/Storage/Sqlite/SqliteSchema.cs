using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>
/// The tables, and the way from each version to the next. Times are UTC ticks; enumerations are spelled as the API
/// spells them; what a person said or an agent asked is only ever sealed.
/// </summary>
internal static class SqliteSchema
{
    // The triggers keep accidents and simple tampering away from the ledger; what proves it is the signed tree. The two
    // on INSERT are there because INSERT OR REPLACE deletes a row without asking the trigger on DELETE.

    /// <summary>Element <c>n</c> leads from version <c>n</c> to <c>n + 1</c>.</summary>
    private static readonly string[] Steps = [First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth];

    public static int Version => Steps.Length;

    private static string First => """
        CREATE TABLE log_head (
            id             INTEGER PRIMARY KEY CHECK (id = 1),
            origin         TEXT    NOT NULL,
            payload_key_id TEXT    NOT NULL,
            size           INTEGER NOT NULL,
            compact_range  BLOB    NOT NULL,
            checkpoint     TEXT,
            clock          INTEGER NOT NULL,
            policy_epoch   INTEGER NOT NULL,
            fence          INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE entry (
            position INTEGER PRIMARY KEY,
            leaf     BLOB NOT NULL,
            action   TEXT
        ) STRICT;
        CREATE INDEX entry_of_action ON entry (action) WHERE action IS NOT NULL;
        CREATE TRIGGER entry_is_only_appended BEFORE INSERT ON entry
            WHEN NEW.position IS NOT (SELECT coalesce(max(position), -1) + 1 FROM entry)
            BEGIN SELECT RAISE(ABORT, 'entries of the ledger are appended without gaps'); END;
        CREATE TRIGGER entry_is_never_updated BEFORE UPDATE ON entry
            BEGIN SELECT RAISE(ABORT, 'entries of the ledger are never changed'); END;
        CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
            BEGIN SELECT RAISE(ABORT, 'entries of the ledger are never deleted'); END;

        CREATE TABLE payload (
            entry       INTEGER PRIMARY KEY REFERENCES entry (position),
            ciphertext  BLOB NOT NULL,
            wrapped_key BLOB NOT NULL,
            key_id      TEXT NOT NULL
        ) STRICT;

        CREATE TABLE tile (
            level    INTEGER NOT NULL,
            position INTEGER NOT NULL,
            hashes   BLOB    NOT NULL CHECK (length(hashes) = 8192),
            PRIMARY KEY (level, position)
        ) STRICT;
        CREATE TRIGGER tile_is_never_replaced BEFORE INSERT ON tile
            WHEN EXISTS (SELECT 1 FROM tile WHERE level = NEW.level AND position = NEW.position)
            BEGIN SELECT RAISE(ABORT, 'tiles of the ledger are never replaced'); END;
        CREATE TRIGGER tile_is_never_updated BEFORE UPDATE ON tile
            BEGIN SELECT RAISE(ABORT, 'tiles of the ledger are never changed'); END;
        CREATE TRIGGER tile_is_never_deleted BEFORE DELETE ON tile
            BEGIN SELECT RAISE(ABORT, 'tiles of the ledger are never deleted'); END;

        CREATE TABLE checkpoint (
            size INTEGER PRIMARY KEY,
            note TEXT NOT NULL
        ) STRICT;

        CREATE TABLE action (
            id               TEXT    PRIMARY KEY,
            version          INTEGER NOT NULL,
            revision         INTEGER NOT NULL,
            state            TEXT    NOT NULL,
            target           TEXT    NOT NULL,
            gate             TEXT    NOT NULL,
            via              TEXT    NOT NULL,
            agent            TEXT    NOT NULL,
            digest           TEXT    NOT NULL,
            attach_key       TEXT    NOT NULL,
            holds_key        INTEGER NOT NULL,
            idempotency_hash TEXT,
            policy           TEXT    NOT NULL,
            created_at       INTEGER NOT NULL,
            next_deadline    INTEGER,
            tracks           TEXT    NOT NULL,
            fence            INTEGER NOT NULL,
            owner            TEXT,
            owner_fence      INTEGER,
            started_at       INTEGER,
            last_outcome     TEXT,
            delivered        INTEGER NOT NULL,
            denied_until     INTEGER,
            detached         INTEGER NOT NULL,
            request_entry    INTEGER,
            outcome_entry    INTEGER,
            ending_entry     INTEGER,
            last_entry       INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX action_holding_key ON action (attach_key) WHERE holds_key = 1;
        CREATE UNIQUE INDEX action_of_idempotency ON action (idempotency_hash) WHERE idempotency_hash IS NOT NULL;
        CREATE INDEX action_of_key ON action (attach_key);
        CREATE INDEX action_in_state ON action (state);
        CREATE INDEX action_of_target ON action (target);
        CREATE INDEX action_of_agent ON action (agent);
        CREATE INDEX action_pending_of_agent ON action (agent) WHERE state = 'pending';
        CREATE INDEX action_reviewed_of_agent ON action (agent, created_at) WHERE tracks <> '[]';
        CREATE INDEX action_due ON action (next_deadline) WHERE next_deadline IS NOT NULL;
        CREATE INDEX action_untaken ON action (id) WHERE state = 'approved' AND detached = 1;

        CREATE TABLE action_grant (
            action     TEXT    PRIMARY KEY REFERENCES action (id),
            uses_left  INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE person (
            pseudonym TEXT PRIMARY KEY,
            sealed_id BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE vote (
            id        INTEGER PRIMARY KEY,
            action    TEXT    NOT NULL REFERENCES action (id),
            revision  INTEGER NOT NULL,
            person    TEXT    NOT NULL,
            kind      TEXT    NOT NULL,
            assurance TEXT    NOT NULL,
            at        INTEGER NOT NULL,
            entry     INTEGER
        ) STRICT;
        CREATE INDEX vote_of_action ON vote (action);

        CREATE TABLE outbox (
            id          INTEGER PRIMARY KEY AUTOINCREMENT,
            channel     TEXT    NOT NULL,
            action      TEXT    NOT NULL REFERENCES action (id),
            revision    INTEGER NOT NULL,
            kind        TEXT    NOT NULL,
            attempts    INTEGER NOT NULL,
            not_before  INTEGER NOT NULL,
            taken_until INTEGER
        ) STRICT;
        CREATE INDEX outbox_of_channel ON outbox (channel, not_before);

        CREATE TABLE definition (
            target      TEXT NOT NULL,
            name        TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            definition  BLOB NOT NULL,
            PRIMARY KEY (target, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE policy (
            epoch INTEGER PRIMARY KEY,
            hash  TEXT    NOT NULL,
            at    INTEGER NOT NULL,
            entry INTEGER REFERENCES entry (position)
        ) STRICT;
        """;

    /// <summary>
    /// What an identical call could attach to is found without reading everything that ever had its key: an agent may
    /// ask the same thing a million times.
    /// </summary>
    private static string Second => """
        DROP INDEX action_of_key;
        CREATE INDEX action_attachable ON action (attach_key)
            WHERE state IN ('pending', 'approved', 'executing', 'denied') OR delivered = 0;
        """;

    /// <summary>Which agents people stopped. Who did it and why is in the payload of the entry.</summary>
    private static string Third => """
        CREATE TABLE agent_stop (
            agent TEXT    PRIMARY KEY,
            at    INTEGER NOT NULL,
            entry INTEGER NOT NULL REFERENCES entry (position)
        ) STRICT, WITHOUT ROWID;
        """;

    /// <summary>
    /// Where an execution left what its target can be asked with (<c>execution.intent</c>), and the windows in which
    /// reads run before they are recorded.
    /// </summary>
    private static string Fourth => """
        ALTER TABLE action ADD COLUMN intent_entry INTEGER;

        CREATE TABLE recording_window (
            entry    INTEGER PRIMARY KEY REFERENCES entry (position),
            target   TEXT    NOT NULL,
            node     TEXT    NOT NULL,
            reads    INTEGER NOT NULL,
            recorded INTEGER NOT NULL,
            until    INTEGER NOT NULL
        ) STRICT;
        """;

    /// <summary>The passkeys that are not revoked. Their ids and public keys are in the payloads only.</summary>
    private static string Fifth => """
        CREATE TABLE passkey (
            entry      INTEGER PRIMARY KEY REFERENCES entry (position),
            locator    TEXT    NOT NULL UNIQUE,
            person     TEXT    NOT NULL,
            sign_count INTEGER NOT NULL,
            at         INTEGER NOT NULL
        ) STRICT;
        """;

    /// <summary>
    /// Where channels show actions, and which of their accounts were linked to persons: to whom is in the payload of
    /// the entry.
    /// </summary>
    private static string Sixth => """
        CREATE TABLE posting (
            channel TEXT NOT NULL,
            action  TEXT NOT NULL REFERENCES action (id),
            place   TEXT NOT NULL,
            PRIMARY KEY (channel, action)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE account_link (
            account TEXT    PRIMARY KEY,
            entry   INTEGER NOT NULL REFERENCES entry (position)
        ) STRICT, WITHOUT ROWID;
        """;

    /// <summary>
    /// Who approved whose requests, from this version on. It is one row for each two persons, so that it does not grow
    /// with the votes. And what may happen once, such as the use of a code, for as long as it could be tried again.
    /// And since when who is in which group.
    /// </summary>
    private static string Seventh => """
        CREATE TABLE favour (
            voter  TEXT    NOT NULL,
            behind TEXT    NOT NULL,
            action TEXT    NOT NULL REFERENCES action (id),
            at     INTEGER NOT NULL,
            PRIMARY KEY (voter, behind)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX favour_at ON favour (at);

        CREATE TABLE once (
            key   TEXT    PRIMARY KEY,
            until INTEGER NOT NULL,
            done  INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX once_until ON once (until);

        CREATE TABLE membership (
            person TEXT    NOT NULL,
            team   TEXT    NOT NULL,
            since  INTEGER NOT NULL,
            PRIMARY KEY (person, team)
        ) STRICT, WITHOUT ROWID;
        """;

    /// <summary>
    /// Which people and agents were accepted; the rows only say which entries hold them. And messages may be about an
    /// entry instead of an action.
    /// </summary>
    private static string Eighth => """
        CREATE TABLE roster (
            epoch INTEGER PRIMARY KEY,
            hash  TEXT    NOT NULL,
            at    INTEGER NOT NULL,
            entry INTEGER REFERENCES entry (position)
        ) STRICT;

        CREATE TABLE next_outbox (
            id          INTEGER PRIMARY KEY AUTOINCREMENT,
            channel     TEXT    NOT NULL,
            action      TEXT    REFERENCES action (id),
            entry       INTEGER REFERENCES entry (position),
            revision    INTEGER NOT NULL,
            kind        TEXT    NOT NULL,
            attempts    INTEGER NOT NULL,
            not_before  INTEGER NOT NULL,
            taken_until INTEGER,
            CHECK ((action IS NULL) <> (entry IS NULL))
        ) STRICT;
        INSERT INTO next_outbox (id, channel, action, revision, kind, attempts, not_before, taken_until)
            SELECT id, channel, action, revision, kind, attempts, not_before, taken_until FROM outbox;
        DROP TABLE outbox;
        ALTER TABLE next_outbox RENAME TO outbox;
        CREATE INDEX outbox_of_channel ON outbox (channel, not_before);
        """;

    /// <summary>
    /// How the log changed its key. The note is what strangers follow; the entry is what says when it happened.
    /// </summary>
    private static string Ninth => """
        CREATE TABLE key_succession (
            entry INTEGER PRIMARY KEY REFERENCES entry (position),
            note  TEXT    NOT NULL
        ) STRICT;
        """;

    /// <summary>Brings a database to the newest version inside the caller's transaction.</summary>
    /// <exception cref="StoreUnavailableException">A newer program has written this database.</exception>
    public static void Migrate(SqliteSession session, string path)
    {
        session.RunScript("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT");
        var version = (long?)session.Scalar("SELECT version FROM schema_version");
        if (version > Version)
        {
            throw new StoreUnavailableException(
                $"The store '{path}' has schema version {version}, and this countersign knows versions up to "
                + $"{Version}. Run the newer countersign that wrote it, or restore the backup made before the "
                + "upgrade.");
        }

        for (var step = version ?? 0; step < Version; step++)
        {
            session.RunScript(Steps[step]);
        }

        session.RunScript($"DELETE FROM schema_version; INSERT INTO schema_version VALUES ({Version})");
    }
}
