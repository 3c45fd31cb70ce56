using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Server.Channels;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Server.Rosters;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Rosters;

/// <summary>
/// One start of a server on a store that outlives it, as far as people are concerned: the order of its steps is that of
/// <c>Node</c>.
/// </summary>
internal sealed class RosterHost
{
    private static readonly byte[] s_key = new byte[32];

    private RosterHost(IStore store, SqliteStore archive, CharterSource charter, PeopleChanges people, Office office) =>
        (Store, Archive, Charter, People, Office) = (store, archive, charter, people, office);

    public IStore Store { get; }

    public SqliteStore Archive { get; }

    public CharterSource Charter { get; }

    public PeopleChanges People { get; }

    public Office Office { get; }

    /// <summary>The review of what the configuration changes; <c>null</c> when there is none.</summary>
    public ActionId? Proposal { get; private set; }

    /// <summary>The review of a changed policy; <c>null</c> when there is none.</summary>
    public ActionId? PolicyProposal { get; private set; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RosterHost> StartAsync(
        SqliteStore archive, Settings settings, TimeProvider time, IStore? through = null)
    {
        var store = through ?? archive;
        var charter = new CharterSource(settings, time);
        var policy = new PolicyChanges(settings, charter, store, archive);
        await policy.SettleAsync(Cancel);
        var people = new PeopleChanges(settings, charter, store, archive, s_key);
        await people.SettleAsync(Cancel);
        await charter.SettleAsync(store, Cancel);
        var office = new Office(new OfficeOptions(store, () => charter.Current, new ExecutionOptions(action =>
            policy.FindExecutor(action) ?? people.FindExecutor(action)))
        {
            Self = new NodeId("test"),
            Random = System.Security.Cryptography.RandomNumberGenerator.Fill,
            Time = time,
        });
        var host = new RosterHost(store, archive, charter, people, office);
        if (through is null)
        {
            var proposals = new Proposals(office.Gatekeeper, office.ReviewDesk, store);
            host.PolicyProposal = await policy.ProposeAsync(proposals, Cancel);
            host.Proposal = await people.ProposeAsync(proposals, Cancel);
        }

        return host;
    }

    /// <summary>Who a token is of, as a gate would be told.</summary>
    public Caller? Find(string token) => Charter.Tokens.Find(token);

    public bool Has(string person, string account) => Charter.Registered.Has(
        Roster.LineOf(new PersonId(person), new ChannelAccount("slack", account)));

    public IEnumerable<string> MembersOf(string party) => Charter.Current.People.MembersOf(Party.Parse(party))
        .Select(person => person.Value).Order(StringComparer.Ordinal);

    public async Task<DeskAnswer> VoteAsync(string person, Decision decision)
    {
        var record = (await FindProposalAsync())!;
        return await Office.ReviewDesk.VoteAsync(
            record.Id,
            new Voter(new PersonId(person), Assurance.Token),
            new Ballot(decision, record.Action.Digest, Comment: null),
            Cancel);
    }

    public async Task<ActionRecord?> FindProposalAsync() =>
        Proposal is { } id ? await Office.Gatekeeper.FindAsync(id, Cancel) : null;

    /// <summary>The proposal as soon as it is over and done.</summary>
    public async Task<ActionRecord> EndOfProposalAsync() =>
        (await Office.Gatekeeper.WaitForEndAsync(Proposal!.Value, TimeSpan.FromSeconds(30), Cancel))!;

    /// <summary>What the entries about people and agents say, oldest first.</summary>
    public async Task<IReadOnlyList<(EntryType Type, JsonElement Payload)>> EntriesAsync()
    {
        var found = new List<(EntryType, JsonElement)>();
        var leaves = await Archive.ReadLeavesAsync(0, 1000, Cancel);
        for (var i = 0; i < leaves.Length; i++)
        {
            if (Leaf.Decode(leaves[i].Span).Type is var type and (EntryType.PersonChanged or EntryType.AgentChanged))
            {
                var payload = await Archive.ReadPayloadAsync(i, Cancel);
                found.Add((type, JsonDocument.Parse(payload!.Value).RootElement));
            }
        }

        return found;
    }
}
