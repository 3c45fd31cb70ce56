using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Ledger;
using Countersign.Core.Policies;
using Countersign.Core.Reads;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;
using Countersign.Tests.Identity.Passkeys;
using Countersign.Tests.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>
/// The core over a real store in a temporary folder, with a clock that a test moves and a target that a test plays.
/// Operations named <c>read</c> are allowed, and those named <c>peek</c> too, recorded with their outcome; those named
/// <c>drop</c> are denied. Everything else needs one of the <c>dba</c>s until the test puts another policy in force.
/// </summary>
internal sealed class CoreHost : IAsyncDisposable
{
    public static readonly TargetName Ops = new("ops");

    /// <summary>Behind this one nothing is executed: whoever asks claims a permit.</summary>
    public static readonly TargetName Sdk = new("sdk");

    public static readonly PersonId Alice = new("alice");
    public static readonly PersonId Bob = new("bob");
    public static readonly PersonId Lead = new("lead");

    public static readonly AgentId BotId = new("bot");

    private static readonly byte[] s_passkeyKey = "a key of this ledger"u8.ToArray();

    private static readonly Asker Bot = new(new AgentId("bot"), OnBehalfOf: null);

    private readonly SqliteFolder _folder;
    private SqliteStore _archive;
    private bool _isClosed;
    private readonly CancellationTokenSource _limit;
    private readonly OfficeOptions _options;
    private readonly Target _target = new(Ops, GateKind.Mcp, "production");
    private readonly Target _sdk = new(Sdk, GateKind.Api, "production") { ReportWithin = TimeSpan.FromHours(6) };
    private Charter _charter;
    private Office _office;
    private int _policies;

    private CoreHost(SqliteFolder folder, ManualTime time, SqliteStore archive)
    {
        (_folder, Time, _archive, Store) = (folder, time, archive, new FaultyStore(archive));
        // A test that waits for something that never comes fails instead of standing still.
        _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        _limit.CancelAfter(TimeSpan.FromSeconds(30));
        _charter = new Charter
        {
            People = PeopleWith(dbas: [Alice, Bob]),
            Targets = new[] { _target, _sdk }.ToImmutableDictionary(target => target.Name),
            Policy = PolicyHash.Of("none"u8),
            Reviewers = [Party.Parse("group:dba")],
            Judge = (_, _) => throw new InvalidOperationException("No policy is in force yet."),
        };
        _options = new OfficeOptions(Store, () => _charter, new ExecutionOptions(_ => Target.ExecuteAsync))
        {
            Self = new NodeId("node-1"),
            Random = RandomNumberGenerator.Fill,
            Time = TimeProvider.System,
            Passkeys = new PasskeyOptions
            {
                Party = () => TestAuthenticator.Party,
                Ledger = folder.Key.Origin.Value,
                Key = s_passkeyKey,
            },
            BreakGlass = new BreakGlassOptions(GlassCodes),
        };
        _office = new Office(_options);
    }

    public ManualTime Time { get; }

    /// <summary>The files of the store.</summary>
    public SqliteFolder Folder => _folder;

    public FaultyStore Store { get; private set; }

    public PlayedTarget Target { get; } = new();

    public Gatekeeper Gatekeeper => _office.Gatekeeper;

    public AgentDesk Agents => _office.Agents;

    public ReadDesk Reads => _office.Reads;

    public ReviewDesk Desk => _office.ReviewDesk;

    public PermitDesk Permits => _office.Permits;

    public RevisionDesk Revisions => _office.Revisions;

    public PasskeyDesk Passkeys => _office.Passkeys;

    /// <summary>What receipts are made of.</summary>
    public IArchive Archive => _archive;

    /// <summary>The key that strangers trust.</summary>
    public NoteVerifierKey LogKey => _folder.Key.VerifierKey;

    /// <summary>The codes that whoever has the ledger's key can make.</summary>
    public EnrolmentCodes Codes => new(s_passkeyKey, () => Store.Now, RandomNumberGenerator.Fill);

    public BreakGlassDesk Glass => _office.BreakGlass;

    /// <summary>The codes that custodians keep.</summary>
    public BreakGlassCodes GlassCodes => new(s_passkeyKey, () => Store.Now, RandomNumberGenerator.Fill);

    public CancellationToken Cancel => _limit.Token;

    public static async Task<CoreHost> StartAsync()
    {
        var (folder, time) = (new SqliteFolder(), new ManualTime());
        var host = new CoreHost(folder, time, await folder.OpenAsync(time));
        await host.PutInForceAsync(Demand.OneDba);
        return host;
    }

    public static Asking Ask(string operation = "write", string arguments = """{"n":1}""")
    {
        Assert.True(CanonicalJson.TryCanonicalize(
            Encoding.UTF8.GetBytes(arguments), JsonLimits.Default, out var json, out _));
        return new Asking(
            Bot, new Target(Ops, GateKind.Mcp, "production"), GateKind.Mcp, CanonicalAction.Of(Ops, operation, json));
    }

    /// <summary>The same request over the API, where a node takes the approval by itself.</summary>
    public static Asking AskDetached(string operation = "write") => Ask(operation) with { Via = GateKind.Api };

    /// <summary>A request for a permit.</summary>
    public static Asking AskPermit(string operation = "write", string arguments = """{"n":1}""")
    {
        var asking = Ask(operation, arguments);
        return asking with
        {
            Target = new Target(Sdk, GateKind.Api, "production"),
            Via = GateKind.Api,
            Action = CanonicalAction.Of(Sdk, operation, asking.Action.Arguments),
        };
    }

    /// <summary>What is configured under the name of the permits' target from now on.</summary>
    public void SetSdk(Func<Target, Target>? change) => _charter = _charter with
    {
        Targets = change is null ? _charter.Targets.Remove(Sdk) : _charter.Targets.SetItem(Sdk, change(_sdk)),
    };

    /// <summary>Puts a policy in force that demands this of everything but reads and drops.</summary>
    public async Task PutInForceAsync(Func<PolicyHash, Verdict> demand)
    {
        var hash = PolicyHash.Of(Encoding.UTF8.GetBytes($"policy {_policies++}"));
        var changed = new EntryDraft(
            EntryType.PolicyChanged,
            Action: null,
            Revision: 0,
            JsonSerializer.SerializeToUtf8Bytes(new { to = hash.Value }));
        await _archive.CommitAsync(new Change { NewPolicy = hash, Entries = [changed] }, Cancel);
        _charter = _charter with
        {
            Policy = hash,
            Judge = (asking, _) => asking.Action.Operation switch
            {
                "read" => Demand.Nothing(hash),
                "peek" => Demand.Nothing(hash) with { Record = RecordMode.With },
                "drop" => Demand.Never(hash),
                _ => demand(hash),
            },
        };
    }

    /// <summary>Who is in the group <c>dba</c> from now on.</summary>
    public void SetDbas(params PersonId[] dbas) => _charter = _charter with { People = PeopleWith(dbas) };

    public void MakeAdmin(PersonId admin) => _charter = _charter with
    {
        People = new People(
            _charter.People.Persons.Select(person => person with { IsAdmin = person.Id == admin }),
            _charter.People.Agents),
    };

    /// <summary>Who answers for the agent from now on.</summary>
    public void SetOwner(PersonId owner) => SetOwner(new Party.OfPerson(owner), _charter.People.Persons);

    /// <summary>The same for a group, which one of its members has left for another.</summary>
    public void SetOwner(GroupName owner, PersonId except) => SetOwner(
        new Party.OfGroup(owner),
        _charter.People.Persons.Select(person => person.Id == except
            ? person with { Groups = [], IsAdmin = true }
            : person));

    public void SetPeople(People people) => _charter = _charter with { People = people };

    /// <summary>Another channel is told from now on.</summary>
    public void AddChannel(string channel) =>
        Reopen(options => options with { Channels = options.Channels.Add(channel) });

    /// <summary>Changes what the next office works with: limits, the longest execution.</summary>
    public void Reopen(Func<OfficeOptions, OfficeOptions> change) => _office = new Office(change(_options));

    /// <summary>Another node takes over: what the first one had in hand, nobody has any more.</summary>
    public void LoseNode() => Reopen(options => options with { Self = new NodeId("node-2") });

    /// <summary>A call that waits as long as it takes.</summary>
    public LiveCall Call(Asking asking) => new(this, asking, TimeSpan.FromHours(1));

    /// <summary>A call that leaves when nobody has decided yet.</summary>
    public async Task<Answer> CallBrieflyAsync(Asking asking)
    {
        await using var call = new LiveCall(this, asking, TimeSpan.Zero);
        return await call.AnswerAsync();
    }

    /// <summary>The record a brief call was answered with, whatever its state.</summary>
    public async Task<ActionRecord> RecordOfAsync(Asking asking) => await CallBrieflyAsync(asking) switch
    {
        Answer.Ended ended => ended.Record,
        Answer.StillPending pending => pending.Record,
        var other => throw new InvalidOperationException($"The call was answered with {other}."),
    };

    public Task<Admission> AdmitAsync(Asking asking) => Gatekeeper.AdmitAsync(asking, Cancel);

    /// <summary>Opens the review of a detached request.</summary>
    public async Task<ActionRecord> HoldAsync(Asking asking) =>
        Assert.IsType<Admission.Held>(await AdmitAsync(asking)).Record;

    public Task<DeskAnswer> VoteAsync(ActionRecord record, PersonId person, Decision decision = Decision.Approve) =>
        Desk.VoteAsync(
            record.Id,
            new Voter(person, Assurance.Session),
            new Ballot(decision, record.Action.Digest, Comment: null),
            Cancel);

    public Task SweepAsync() => _office.Reaper.SweepAsync(Cancel);

    public Task DrainAsync() => _office.Reaper.DrainAsync(Cancel);

    public async Task<ActionRecord> ReadAsync(ActionRecord record) =>
        (await Gatekeeper.FindAsync(record.Id, Cancel))!;

    public async Task<ActionRecord> UntilEndedAsync(ActionRecord record) =>
        (await Gatekeeper.WaitForEndAsync(record.Id, TimeSpan.FromMinutes(1), Cancel))!;

    public Task DeliverAsync(ActionRecord record) => Gatekeeper.DeliveredAsync(record, Cancel);

    /// <summary>What the ledger says of an action, in order.</summary>
    public async Task<IReadOnlyList<EntryType>> EntriesOfAsync(ActionId id) =>
        [.. (await LeavesAsync()).Where(leaf => leaf.Subject?.Action == id).Select(leaf => leaf.Type)];

    /// <summary>What the entries of a type say, with their indexes.</summary>
    public async Task<IReadOnlyList<(long Index, JsonElement Payload)>> PayloadsOfAsync(EntryType type)
    {
        var found = new List<(long, JsonElement)>();
        var leaves = (await LeavesAsync()).ToList();
        for (var i = 0; i < leaves.Count; i++)
        {
            if (leaves[i].Type == type)
            {
                var payload = (await _archive.ReadPayloadAsync(i, Cancel))!.Value;
                found.Add((i, JsonDocument.Parse(payload).RootElement));
            }
        }

        return found;
    }

    public async Task<int> CountEntriesAsync() => (await LeavesAsync()).Count();

    /// <summary>
    /// The ledger is recomputed after every test, when the last call that was hung up has been written.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await using (var reopened = await _folder.OpenAsync(Time))
        {
            await LedgerCheck.RunAsync(reopened, _folder.Key.VerifierKey, Cancel);
        }

        await _folder.AuditAsync();

        _folder.Dispose();
        _limit.Dispose();
    }

    /// <summary>Closes the store, so that a test may do something to its files.</summary>
    public async Task CloseAsync()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            await _office.Reaper.DrainAsync(Cancel);
            await _archive.DisposeAsync();
        }
    }

    /// <summary>Starts again with another key of the ledger; the one before it signs along.</summary>
    public async Task RotateKeyAsync()
    {
        await _office.Reaper.DrainAsync(Cancel);
        await _archive.DisposeAsync();
        Time.Advance(TimeSpan.FromSeconds(1));
        _folder.RotateKey();
        _archive = await _folder.OpenAsync(Time);
        Store = new FaultyStore(_archive);
    }

    /// <summary>Somebody changes what was asked.</summary>
    public async Task ReviseAsync(ActionRecord record, PersonId person, string arguments)
    {
        var asking = Ask(record.Action.Operation, arguments) with { Via = record.Via };
        Assert.IsType<RevisionAnswer.Recorded>(await Revisions.ReviseAsync(
            record.Id,
            new Voter(person, Assurance.Session),
            new Revision(record.Action.Digest, asking, "Less."),
            Cancel));
    }

    private void SetOwner(Party owner, IEnumerable<Person> persons) =>
        _charter = _charter with { People = new People(persons, [new Agent(BotId, owner)]) };

    private static People PeopleWith(PersonId[] dbas) => new(
        [
            .. dbas.Select(id => new Person(id, id.Value, [new GroupName("dba")], IsAdmin: false)),
            new Person(Lead, "Lead", [new GroupName("leads")], IsAdmin: false),
        ],
        [new Agent(Bot.Agent, Party.Parse("carol"))]);

    private async Task<IEnumerable<Leaf>> LeavesAsync() =>
        (await _archive.ReadLeavesAsync(0, 10_000, Cancel)).Select(leaf => Leaf.Decode(leaf.Span));
}
