using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies.Allowing;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Core;

/// <summary>What is said of a request before it is made, and of one that is denied.</summary>
public sealed class DryRunTests
{
    private readonly OfficeBench _bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_names_the_persons_who_could_vote_after_every_exclusion()
    {
        var forecast = await ForeseeAsync(OfficeBench.Ask(GateKind.Mcp, onBehalfOf: "bob"));

        Assert.Equal([OfficeBench.Carol], Assert.Single(Assert.Single(forecast.Tracks).Persons));
    }

    [Fact]
    public async Task It_opens_nothing_records_nothing_and_finds_the_open_review_unchanged()
    {
        await ForeseeAsync(OfficeBench.Ask(GateKind.Api));
        Assert.Empty(_bench.Memory.Actions);
        var held = await _bench.AskHeldAsync(GateKind.Api);
        var entries = _bench.Memory.Entries.Length;

        await ForeseeAsync(OfficeBench.Ask(GateKind.Api));

        Assert.Equal(entries, _bench.Memory.Entries.Length);
        Assert.Equal(held.Version, Assert.Single(_bench.Memory.Actions).Version);
    }

    [Fact]
    public async Task A_stopped_agent_is_told_that_it_is()
    {
        _bench.Charter = _bench.Charter with { Reviewers = [Party.Parse("group:dba")] };
        await _bench.Office.Agents.StopAsync(OfficeBench.Bot, OfficeBench.Carol, comment: null, Cancel);

        Assert.IsType<DryRunAnswer.Stopped>(
            await _bench.Office.DryRun.AskAsync(OfficeBench.Ask(GateKind.Api), Cancel));
    }

    [Fact]
    public async Task A_denial_says_what_would_be_allowed_and_keeps_it()
    {
        Deny(new AllowedForm
        {
            Arguments = new CanonicalObject().Add("table", "copy").ToCanonicalJson(),
            Change = "'table' \"copy\" instead of \"orders\"",
        });

        var refused = Assert.IsType<Admission.Refused>(
            await _bench.Office.Gatekeeper.AdmitAsync(OfficeBench.Ask(GateKind.Api), Cancel)).Record;

        var kept = (await _bench.Office.Gatekeeper.FindAsync(refused.Id, Cancel))!.Nearest!;
        Assert.Equal(refused.Nearest!.ToString(), kept.ToString());
        Assert.Equal("""{"table":"copy"}""", kept.Arguments!.ToString());
        Assert.Equal(kept.ToString(), (await ForeseeAsync(OfficeBench.Ask(GateKind.Api))).Nearest!.ToString());
    }

    [Fact]
    public async Task Only_operations_that_the_target_is_known_to_have_are_named()
    {
        var known = new DefinitionRow(OfficeBench.Ops.Name, "list", "f", "{}"u8.ToArray());
        await _bench.Memory.CommitAsync(new Change { Definitions = [known] }, Cancel);
        Deny(new AllowedForm { Operations = ["list", "secret_of_another_target"] });

        Assert.Equal(["list"], (await ForeseeAsync(OfficeBench.Ask(GateKind.Api))).Nearest!.Operations);

        Deny(new AllowedForm { Operations = ["secret_of_another_target"] });
        Assert.Null((await ForeseeAsync(OfficeBench.Ask(GateKind.Api))).Nearest);
    }

    private void Deny(AllowedForm form) => _bench.Charter = _bench.Charter with
    {
        Judge = (_, _) => OfficeBench.Refused,
        FindAllowed = _ => form,
    };

    private async Task<Forecast> ForeseeAsync(Asking asking) => Assert.IsType<DryRunAnswer.Foreseen>(
        await _bench.Office.DryRun.AskAsync(asking, Cancel)).Forecast;
}
