using Countersign.Core;
using Countersign.Server.Keys;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>What an embedded store needs to be opened.</summary>
internal sealed record SqliteStoreOptions
{
    /// <summary>The database file; made when it is missing. Its lock file is the same name and <c>.lock</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Where the latest checkpoint is kept outside the database; better on another disk.</summary>
    public required string HeadFile { get; init; }

    /// <summary>Signs checkpoints and names the log; the store does not dispose it.</summary>
    public required LedgerKey Key { get; init; }

    /// <summary>Seals payloads; the store does not dispose it.</summary>
    public required PayloadVault Vault { get; init; }

    public required FillRandom Random { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>How far the system's clock may be behind the store's before commits are refused.</summary>
    public TimeSpan MaxClockLag { get; init; } = StoreClock.MaxLag;

    /// <summary>
    /// Whether the store is opened although its head file knows another one, for the command that accepts a restored
    /// copy. The file stays as it is until the first commit, which has to say so.
    /// </summary>
    public bool IgnoresHeadFile { get; init; }

    /// <summary>Runs on each new write connection; tests make faults with it.</summary>
    internal Action<SqliteSession> OnWriteConnection { get; init; } = static _ => { };
}
