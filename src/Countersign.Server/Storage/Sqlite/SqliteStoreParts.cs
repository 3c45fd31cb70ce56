using System.Collections.Immutable;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Keys;
using Countersign.Server.Storage.Journal;
using Microsoft.Data.Sqlite;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>What an open store consists of; it is opened, and closed, in one order.</summary>
internal sealed class SqliteStoreParts : IAsyncDisposable
{
    private readonly SqliteStoreOptions _options;
    private readonly LockFile _lockFile;
    private readonly HeadFile _headFile;
    private readonly Pseudonyms _pseudonyms;

    private SqliteStoreParts(
        SqliteStoreOptions options, LockFile lockFile, WriterParts writer, ReadJournal journal)
    {
        SuccessionDue = StoredLog.SuccessionDue(writer.Connection.Head, options.Key);
        (_options, _lockFile, Journal) = (options, lockFile, journal);
        (_headFile, _pseudonyms) = (writer.HeadFile, writer.Pseudonyms);
        (Clock, Changes) = (writer.Clock, writer.Changes);
        Writer = new SqliteWriter(options, writer);
        Readers = new SqliteReaders(options.Path);
    }

    /// <summary>The change of the log's key that has to be recorded before anything else.</summary>
    public KeySuccession? SuccessionDue { get; }

    public StoreClock Clock { get; }

    public ChangeFeed Changes { get; }

    public SqliteWriter Writer { get; }

    public SqliteReaders Readers { get; }

    public ReadJournal Journal { get; }

    public static async Task<SqliteStoreParts> OpenAsync(
        SqliteStoreOptions options, CancellationToken cancellationToken)
    {
        SystemSqlite.EnsureLoaded();
        var lockFile = LockFile.Take($"{options.Path}.lock");
        try
        {
            CreateForOwnerOnly(options.Path);
            var journal = new ReadJournal(options.Path, options.Vault, options.Random);
            var parts = new SqliteStoreParts(
                options, lockFile, await OpenWriterAsync(options, cancellationToken), journal);
            parts.Writer.Start();
            return parts;
        }
        catch (Exception e)
        {
            lockFile.Dispose();
            if (Explain(e, options.Path) is { } explained)
            {
                throw explained;
            }

            throw;
        }
    }

    private static StoreUnavailableException? Explain(Exception e, string path) => e switch
    {
        SqliteException failure => SqliteFailure.ToUnavailable(failure, path),
        IOException or UnauthorizedAccessException => new StoreUnavailableException(
            $"The store '{path}' cannot be opened: {e.Message} Make sure that the user who runs countersign may write "
            + "there and that the disk has space.", e),
        _ => SqliteFailure.IsDamage(e) ? SqliteFailure.Damaged(e, path) : null,
    };

    /// <summary>
    /// Payloads are sealed, ids and times are not; SQLite gives its side files the mode of the database.
    /// </summary>
    private static void CreateForOwnerOnly(string path)
    {
        if (!File.Exists(path))
        {
            OwnerOnlyFile.Open(path, FileMode.CreateNew, FileAccess.Write).Dispose();
            DurableFolder.FlushOf(path);
        }
    }

    public Task<T> ReadActionsAsync<T>(Func<ActionReader, T> read, CancellationToken cancellationToken) =>
        Readers.ReadAsync(
            session => read(new ActionReader(session, new PayloadReader(session, _options.Vault), _pseudonyms)),
            cancellationToken);

    public Task<ImmutableArray<PasskeyRow>> ReadPasskeysAsync(
        PasskeyFilter filter, CancellationToken cancellationToken) => Readers.ReadAsync(
            session => PasskeyTable.List(
                session, new PayloadReader(session, _options.Vault), _pseudonyms, filter),
            cancellationToken);

    public Task<ImmutableArray<Favour>> ReadFavoursAsync(
        DateTimeOffset since, CancellationToken cancellationToken) =>
        Readers.ReadAsync(session => FavourTable.List(session, _pseudonyms, since), cancellationToken);

    /// <summary>The writer goes first, because it still commits what waits; the lock goes last.</summary>
    public async ValueTask DisposeAsync()
    {
        await Readers.DisposeAsync();
        await Writer.DisposeAsync();
        await Journal.DisposeAsync();
        await _headFile.DisposeAsync();
        _lockFile.Dispose();
    }

    private static async Task<WriterParts> OpenWriterAsync(
        SqliteStoreOptions options, CancellationToken cancellationToken)
    {
        var connection = await WriteConnection.OpenAsync(options, cancellationToken);
        try
        {
            var headFile = new HeadFile(options.HeadFile);
            if (!options.IgnoresHeadFile)
            {
                await HeadGuard.CheckAsync(connection, headFile, options, cancellationToken);
                headFile.Write(connection.Head.Checkpoint ?? HeadGuard.EmptyCheckpoint(options.Key));
            }

            var clock = new StoreClock(options.Time);
            clock.AdvanceTo(connection.Clock);
            var pseudonyms = new Pseudonyms(options.Vault, options.Random);
            connection.ReadPseudonyms(pseudonyms);
            return new WriterParts(connection, clock, pseudonyms, headFile, new ChangeFeed());
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
