using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Countersign.Gates.Api;
using Countersign.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Countersign.Tests.Api;

/// <summary>Who may see and end what over the API. Dave is registered and concerned by nothing.</summary>
public sealed class PermissionTests
{
    private readonly OfficeBench _bench = new();

    [Fact]
    public async Task Who_may_not_vote_may_not_withdraw_an_approved_action_either()
    {
        var approved = await AskApprovedAsync();
        Assert.Equal(403, await WithdrawAsync(approved, "dave"));
        Assert.Equal(ActionState.Approved, (await _bench.OnlyActionAsync()).State);

        Assert.Equal(200, await WithdrawAsync(approved, "carol"));
        Assert.Equal(ActionState.Withdrawn, (await _bench.OnlyActionAsync()).State);
    }

    [Fact]
    public async Task A_restricted_action_stays_visible_to_its_reviewers_after_the_decision_and_to_nobody_else()
    {
        var approved = await AskApprovedAsync();
        Restrict();
        Assert.True(Rooms().MaySee(Caller("bob"), approved));
        Assert.True(Rooms().MaySee(Caller("alice"), approved));
        Assert.False(Rooms().MaySee(Caller("dave"), approved));
    }

    [Fact]
    public async Task A_target_that_left_the_configuration_counts_as_restricted()
    {
        var approved = await AskApprovedAsync();
        _bench.Charter = _bench.Charter with { Targets = _bench.Charter.Targets.Clear() };
        Assert.True(Rooms().MaySee(Caller("bob"), approved));
        Assert.False(Rooms().MaySee(Caller("dave"), approved));
    }

    [Fact]
    public async Task A_stopped_agent_learns_what_became_of_its_request_without_the_result()
    {
        var held = await _bench.AskHeldAsync(GateKind.Api);
        await _bench.ApproveAsync(held, OfficeBench.Bob);
        var ended = await _bench.EndOfAsync(held.Id);
        await _bench.Office.Agents.StopAsync(
            OfficeBench.Bot, new PersonId("alice"), comment: null, TestContext.Current.CancellationToken);

        var told = await ReadAsync(ended, new Caller.OfAgent(held.Asker));
        var reviewed = await ReadAsync(ended, Caller("bob"));

        Assert.Equal("succeeded", told.GetProperty("state").GetString());
        Assert.False(told.GetProperty("outcome").TryGetProperty("result", out _));
        Assert.True(reviewed.GetProperty("outcome").TryGetProperty("result", out _));
        Assert.False((await _bench.OnlyActionAsync()).Life.Delivered);
    }

    private static Caller.OfPerson Caller(string person) => new(new Voter(new PersonId(person), Assurance.Session));

    private async Task<ActionRecord> AskApprovedAsync()
    {
        await _bench.ApproveAsync(await _bench.AskHeldAsync(GateKind.Mcp), OfficeBench.Bob);
        return await _bench.OnlyActionAsync();
    }

    private void Restrict() => _bench.Charter = _bench.Charter with
    {
        Targets = _bench.Charter.Targets.SetItem(
            OfficeBench.Ops.Name, OfficeBench.Ops with { VisibleToReviewersOnly = true }),
    };

    /// <summary>The rooms without an archive: nothing is listed here.</summary>
    private ApiRooms Rooms() => new(
        _bench.Office,
        _bench.Store,
        archive: null!,
        () => _bench.Charter,
        new CardMask(() => _bench.Charter, new RedactionKey(new byte[RedactionKey.Length])),
        (_, _) => ValueTask.FromResult<Caller?>(null),
        id => new Uri($"http://localhost/console/actions/{id}"));

    private async Task<JsonElement> ReadAsync(ActionRecord record, Caller caller)
    {
        var context = new DefaultHttpContext { RequestAborted = TestContext.Current.CancellationToken };
        using var body = new MemoryStream();
        context.Response.Body = body;
        await Rooms().WriteActionAsync(context, caller, record);
        return JsonSerializer.Deserialize<JsonElement>(body.ToArray());
    }

    private async Task<int> WithdrawAsync(ActionRecord record, string person)
    {
        var context = new DefaultHttpContext { RequestAborted = TestContext.Current.CancellationToken };
        context.Request.RouteValues["id"] = record.Id.Value;
        await new ApiVotes(Rooms(), JsonLimits.Default).WithdrawAsync(context, Caller(person));
        return context.Response.StatusCode;
    }
}
