using System.Text;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Hosting;

/// <summary>What came of one person's word about a restored store.</summary>
/// <param name="IsAccepted">Whether the store may be started now; otherwise another person has to say the same.</param>
/// <param name="Size">Entries of the store.</param>
/// <param name="Lost">How many entries the head file has seen more; <c>null</c> when it was missing, or saw another
/// history.</param>
/// <param name="Superseded">How many open requests were ended.</param>
internal sealed record RestoreAnswer(bool IsAccepted, long Size, long? Lost, int Superseded);

/// <summary>
/// The way on for a store that its head file refuses: (1) one person says that this copy is to be used, (2) another
/// person says the same of the same copy, (3) an entry tells who, why, and what the head file had seen, (4) whatever
/// was open when the copy was made is superseded, because it may have been executed since, (5) the store may be
/// started.
/// </summary>
/// <remarks>
/// A crash behind 2 leaves a file that keeps the server from starting until somebody has run the command again.
/// </remarks>
internal sealed class RestoreAcceptance(SqliteStoreOptions options)
{
    private const string Why =
        "The store was restored from a copy, and nobody can say what became of this request since. Ask again.";

    /// <summary>How long the first person's word waits for the second.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    private readonly RestoreFile _file = RestoreFile.Of(options);

    /// <exception cref="StoreUnavailableException">There is nothing to accept, or the store cannot be used at
    /// all.</exception>
    public async Task<RestoreAnswer> AcceptAsync(
        PersonId person, string comment, CancellationToken cancellationToken)
    {
        await RefuseUsableAsync(cancellationToken);
        await using var store = await SqliteStore.OpenAsync(
            options with { IgnoresHeadFile = true }, cancellationToken);
        var head = await HeadOfAsync(store, cancellationToken);
        var seen = new HeadFile(options.HeadFile).Read();
        var known = _file.Read();
        if (known is { IsAccepted: true })
        {
            // 3 again when the crash came before it.
            return await FinishAsync(store, known, person, head.Size == known.Size, cancellationToken);
        }

        var said = new RestoreStatement(
            person.Value, comment, options.Time.GetUtcNow(), head.Size, head.Root.ToBase64(), seen, IsAccepted: false);
        if (known is null || !IsSame(known, said) || said.At - known.At > Patience || known.At > said.At)
        {
            // 1.
            _file.Write(said);
            return new RestoreAnswer(IsAccepted: false, head.Size, LostOf(said), Superseded: 0);
        }

        if (known.Person == said.Person)
        {
            throw new StoreUnavailableException(
                $"{said.Person} has said so already; the second one has to be another person.");
        }

        // 2.
        var agreed = known with { IsAccepted = true, Comment = Joined(known.Comment, comment) };
        _file.Write(agreed);
        return await FinishAsync(store, agreed, person, mustRecord: true, cancellationToken);
    }

    /// <summary>A store that starts anyway needs nobody's word, and must not be opened past its head file.</summary>
    private async Task RefuseUsableAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var store = await SqliteStore.OpenAsync(options, cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            // Whatever else is wrong with it keeps it from being opened the second time as well.
            return;
        }

        throw new StoreUnavailableException(
            $"The store '{options.Path}' agrees with its head file; there is nothing to accept.");
    }

    private async Task<RestoreAnswer> FinishAsync(
        SqliteStore store,
        RestoreStatement agreed,
        PersonId second,
        bool mustRecord,
        CancellationToken cancellationToken)
    {
        // 3.
        if (mustRecord)
        {
            var entry = new EntryDraft(
                EntryType.BreakGlassUsed, Action: null, Revision: 0, PayloadOf(agreed, second));
            await store.CommitAsync(new Change { Entries = [entry] }, cancellationToken);
        }

        // 4.
        var superseded = await OpenActions.SupersedeAsync(store, Why, cancellationToken);
        // 5.
        _file.Delete();
        return new RestoreAnswer(IsAccepted: true, agreed.Size, LostOf(agreed), superseded);
    }

    private static byte[] PayloadOf(RestoreStatement agreed, PersonId second) =>
        JsonSerializer.SerializeToUtf8Bytes(new
        {
            what = "accept-restore",
            persons = new[] { agreed.Person, second.Value },
            comment = agreed.Comment,
            size = agreed.Size,
            root = agreed.Root,
            seen = agreed.Seen,
            lost = LostOf(agreed),
        });

    private static bool IsSame(RestoreStatement one, RestoreStatement other) =>
        (one.Size, one.Root, one.Seen) == (other.Size, other.Root, other.Seen);

    private static string Joined(string first, string second) =>
        first == second || second.Length == 0 ? first : $"{first} / {second}";

    private static async Task<Checkpoint> HeadOfAsync(SqliteStore store, CancellationToken cancellationToken) =>
        await store.ReadCheckpointAsync(cancellationToken) is { } note
            ? Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes(note)).Text.Span)
            : new Checkpoint(new LogOrigin("empty"), 0, MerkleTree.EmptyRoot, []);

    private static long? LostOf(RestoreStatement said)
    {
        try
        {
            var seen = said.Seen is { } note
                ? Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes(note)).Text.Span).Size
                : (long?)null;
            return seen > said.Size ? seen - said.Size : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
