using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>The core's rooms over an embedded store, with one channel that is told of every review.</summary>
internal sealed class SqliteOffice
{
    public const string Channel = "slack";

    private readonly Charter _charter = new OfficeBench().Charter;
    private readonly IStore _store;
    private readonly Office _office;

    private SqliteOffice(IStore store, TimeProvider time)
    {
        _store = store;
        _office = new Office(new OfficeOptions(store, () => _charter, new ExecutionOptions(_ => ExecuteAsync))
        {
            Self = new NodeId(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))),
            Random = RandomNumberGenerator.Fill,
            Time = time,
            Channels = [Channel],
        });
    }

    /// <summary>How often something was sent to the target.</summary>
    public int Sent { get; private set; }

    public ActionDigest? LastSent { get; private set; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<SqliteOffice> OverAsync(SqliteStore store, TimeProvider time)
    {
        var office = new SqliteOffice(store, time);
        if (await store.FindPolicyAsync(Cancel) is null)
        {
            await store.CommitAsync(new Change { NewPolicy = office._charter.Policy }, Cancel);
        }

        return office;
    }

    /// <summary>Asks for something that people have to decide about.</summary>
    public async Task<ActionRecord> AskAsync(string key) => Assert.IsType<Admission.Held>(
        await _office.Gatekeeper.AdmitAsync(OfficeBench.Ask(GateKind.Api, idempotencyKey: key), Cancel)).Record;

    public Task<DeskAnswer> ApproveAsync(ActionRecord record) => _office.ReviewDesk.VoteAsync(
        record.Id,
        new Voter(OfficeBench.Bob, Assurance.Session),
        new Ballot(Decision.Approve, record.Action.Digest, Comment: null),
        Cancel);

    /// <summary>Waits for the executions that are under way.</summary>
    public Task DrainAsync() => _office.Reaper.DrainAsync(Cancel);

    public async Task<ActionState?> StateOfAsync(ActionRecord record) =>
        (await _store.FindAsync(record.Id, Cancel))?.Row.State;

    private Task<Outcome> ExecuteAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        Sent++;
        LastSent = action.Action.Digest;
        return Task.FromResult(new Outcome(OutcomeState.Succeeded, "{}"u8.ToArray(), Error: null, TimeSpan.Zero));
    }
}
