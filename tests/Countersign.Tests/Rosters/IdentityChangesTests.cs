using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Server.Configuration;
using Countersign.Server.Rosters;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Rosters;

/// <summary>
/// What the configuration says of identities elsewhere, roles and deputies counts, like groups and tokens, when
/// somebody else accepted it.
/// </summary>
public sealed class IdentityChangesTests : IAsyncLifetime
{
    private const string Issuer = "https://id.example.com";
    private const string Alice = "{ id: alice, roles: [ admin ], accounts: { oidc: sub-alice } }";
    private const string Bob = "{ id: bob, groups: [ ops ] }";
    private const string Bot = "{ id: bot, owner: bob }";
    private const string Groups = "{ db-owners: dba }";

    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();
    private SqliteStore _store = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await _folder.OpenAsync(_time);
        await StartAsync(Alice, Bob, Bot, Groups);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Trait("Threat", "THR-009"), Trait("CWE", "290")]
    public async Task An_account_that_was_only_written_down_is_nobodys()
    {
        var host = await StartAsync(Alice, Bob.Replace(" }", ", accounts: { oidc: sub-bob } }"), Bot, Groups);
        var subject = new Subject(Issuer, "sub-bob");

        Assert.Null(host.Charter.Registered.Find(subject));
        await host.VoteAsync("alice", Decision.Approve);
        await host.EndOfProposalAsync();
        Assert.IsType<IdentitySettings.OfPerson>(host.Charter.Registered.Find(subject));
    }

    [Fact]
    public async Task So_is_the_identity_and_the_certificate_of_an_agent()
    {
        var hash = new string('a', 64);
        var host = await StartAsync(
            Alice,
            Bob,
            Bot.Replace(" }", $", identities: [ {{ issuer: {Issuer}, subject: x }}, {{ certificate: {hash} }} ] }}"),
            Groups);

        Assert.NotNull(host.Proposal);
        Assert.Null(host.Charter.Registered.Find(new Subject(Issuer, "x")));
        Assert.Null(host.Charter.Registered.Find(new Subject(Subject.Certificate, $"sha256:{hash}")));
    }

    [Fact]
    [Trait("Threat", "THR-010"), Trait("CWE", "269")]
    public async Task Another_group_of_the_provider_puts_nobody_anywhere_before_an_admin_approves()
    {
        var host = await StartAsync(Alice, Bob, Bot, "{ db-owners: dba, everybody: dba }");
        Assert.False(host.Charter.Registered.Has(
            new RosterLine.GroupFrom(Issuer, "everybody", new GroupName("dba"))));
        await host.VoteAsync("alice", Decision.Approve);
        await host.EndOfProposalAsync();

        Assert.True(host.Charter.Registered.Has(
            new RosterLine.GroupFrom(Issuer, "everybody", new GroupName("dba"))));
    }

    [Fact]
    public async Task The_role_of_who_breaks_the_glass_is_accepted_like_any_right()
    {
        var host = await StartAsync(Alice, Bob.Replace(" }", ", roles: [ break-glass ] }"), Bot, Groups);

        Assert.False(host.Charter.Current.People.Find(new PersonId("bob"))!.MayBreakGlass);
        await host.VoteAsync("alice", Decision.Approve);
        await host.EndOfProposalAsync();
        Assert.True(host.Charter.Current.People.Find(new PersonId("bob"))!.MayBreakGlass);
    }

    [Fact]
    [Trait("Threat", "THR-015"), Trait("CWE", "863")]
    public async Task A_deputy_is_accepted_stands_in_for_the_time_and_is_one_no_more_when_taken_out()
    {
        var from = _time.GetUtcNow() + TimeSpan.FromHours(1);
        var until = from + TimeSpan.FromDays(1);
        var away = Alice.Replace(
            "roles:",
            $"away: {{ from: {from:yyyy-MM-ddTHH:mm:ss}Z, until: {until:yyyy-MM-ddTHH:mm:ss}Z, deputy: bob }}, roles:");
        var host = await StartAsync(away, Bob, Bot, Groups);
        await host.VoteAsync("alice", Decision.Approve);
        await host.EndOfProposalAsync();

        Assert.Empty(host.Charter.Current.People.Deputies);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(new PersonId("bob"), host.Charter.Current.People.Deputies[new PersonId("alice")]);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(host.Charter.Current.People.Deputies);
        _time.Advance(TimeSpan.FromDays(-1));
        Assert.Empty((await StartAsync(Alice, Bob, Bot, Groups)).Charter.Current.People.Deputies);
    }

    [Fact]
    public void What_the_ledger_keeps_of_it_is_read_back_as_it_was()
    {
        var time = new DateTimeOffset(2026, 12, 24, 8, 0, 0, TimeSpan.Zero);
        RosterLine[] lines =
        [
            new RosterLine.IdentityOfPerson(new PersonId("alice"), new Subject(Issuer, "auth0|x has a blank")),
            new RosterLine.IdentityOfAgent(new AgentId("bot"), new Subject(Subject.Certificate, "sha256:ab")),
            new RosterLine.GroupFrom(Issuer, "Database owners, all", new GroupName("dba")),
            new RosterLine.GlassBreaker(new PersonId("alice")),
            new RosterLine.Away(new PersonId("alice"), new PersonId("bob"), time, time.AddDays(1)),
        ];

        Assert.All(lines, line =>
        {
            Assert.True(RosterLine.TryParse(line.ToString(), out var read));
            Assert.Equal(line, read);
        });
    }

    private async Task<RosterHost> StartAsync(string alice, string bob, string bot, string groups)
    {
        using var folder = new TemporaryFolder();
        var file = folder.PathOf("countersign.yaml");
        await File.WriteAllTextAsync(folder.PathOf("policy.yaml"), "version: 1\ndefault: deny\n", Cancel);
        await File.WriteAllTextAsync(
            file,
            $$"""
            people: [ {{alice}}, {{bob}} ]
            agents: [ {{bot}} ]
            policies: policy.yaml
            sign_in: { provider: { issuer: {{Issuer}}, client_id: countersign, groups: {{groups}} } }
            break_glass: {}
            """,
            Cancel);
        return await RosterHost.StartAsync(_store, SettingsFile.Load(file, static _ => null), _time);
    }
}
