using System.Text;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Countersign.Gates.Api;
using Countersign.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Countersign.Tests.Core;

/// <summary>The value behind a token is handed over when people agreed, once, and stands in no record.</summary>
public sealed class TokenDeskTests
{
    private const string Value = "4111 1111 1111 1111";

    private readonly OfficeBench _bench = new();

    public TokenDeskTests() => _bench.Charter = _bench.Charter with
    {
        // The policy allows everything: it has no say in this.
        Judge = (_, _) => OfficeBench.Allowed,
        Targets = _bench.Charter.Targets.SetItem(
            OfficeBench.Ops.Name, OfficeBench.Ops with { Reviewers = Party.Parse("group:dba") }),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_held_for_the_targets_reviewers_although_the_policy_allows_everything()
    {
        var held = await HeldAsync();

        Assert.Equal(ActionState.Pending, held.State);
        Assert.Equal("group:dba", Assert.Single(held.Life.Tracks).Requirement.Stages[0].Of.Single().ToString());
        Assert.False(_bench.Office.ReviewDesk.RightOf(new PersonId("alice"), held, Favours.None).MayApprove);
        Assert.Null(_bench.Office.Tokens.ValueOf(held));
    }

    [Fact]
    public async Task Approved_it_is_told_to_the_asking_agent_once_and_to_no_person_and_no_record()
    {
        var ended = await ApprovedAsync();

        var person = await ReadAsync(ended, new Caller.OfPerson(new Voter(OfficeBench.Bob, Assurance.Session)));
        var (first, second) = (await ReadAsync(ended), await ReadAsync(ended));

        Assert.Equal(Value, first.GetProperty("outcome").GetProperty("result").GetProperty("value").GetString());
        Assert.False(second.GetProperty("outcome").TryGetProperty("result", out _));
        Assert.False(person.GetProperty("outcome").TryGetProperty("result", out _));
        Assert.All(
            _bench.Memory.Entries,
            entry => Assert.DoesNotContain(
                "4111", Encoding.UTF8.GetString(entry.Payload.Span), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_many_who_ask_for_the_answer_at_once_one_gets_it()
    {
        var ended = await ApprovedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ReadAsync(ended)));

        Assert.Single(answers, answer => answer.GetProperty("outcome").TryGetProperty("result", out var _));
    }

    [Fact]
    public async Task After_that_it_takes_another_approval()
    {
        var ended = await ApprovedAsync();
        await ReadAsync(ended);

        var again = await HeldAsync();

        Assert.NotEqual(ended.Id, again.Id);
    }

    [Theory]
    [InlineData("other", "card", null, "no such target")]
    [InlineData("ops", "email", null, "no token of that kind")]
    [InlineData("ops", "card", "abcdefghijklmnopabcdefghijklmnopabcd", "no token of that kind")]
    public async Task What_is_no_token_of_that_target_opens_no_review(
        string target, string kind, string? token, string why)
    {
        var (admission, whyNot) = await AskAsync(target, kind, token ?? TokenOf("ops"));

        Assert.Null(admission);
        Assert.Contains(why, whyNot, StringComparison.Ordinal);
        Assert.Empty(_bench.Memory.Entries);
    }

    [Fact]
    public async Task A_token_of_one_target_cannot_be_passed_off_as_another_ones()
    {
        _bench.Charter = _bench.Charter with
        {
            Targets = _bench.Charter.Targets.Add(
                new TargetName("lax"), new Target(new TargetName("lax"), GateKind.Api, "test")
                {
                    Reviewers = Party.Parse("dave"),
                }),
        };

        var (_, whyNot) = await AskAsync("lax", "card", TokenOf("ops"));

        Assert.Contains("no token of that kind", whyNot, StringComparison.Ordinal);
        Assert.NotNull((await AskAsync("lax", "card", TokenOf("lax"))).Admission);
    }

    [Fact]
    public async Task Without_anybody_who_could_approve_it_is_refused()
    {
        _bench.Charter = _bench.Charter with
        {
            Targets = _bench.Charter.Targets.SetItem(OfficeBench.Ops.Name, OfficeBench.Ops),
        };

        var (admission, whyNot) = await AskAsync("ops", "card", TokenOf("ops"));

        Assert.Null(admission);
        Assert.Contains("Nobody could approve it", whyNot, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_is_shut_out_of_the_target_meanwhile_gets_nothing()
    {
        var held = await HeldAsync();
        _bench.Charter = _bench.Charter with
        {
            Targets = _bench.Charter.Targets.SetItem(
                OfficeBench.Ops.Name, _bench.Charter.Targets[OfficeBench.Ops.Name] with { Agents = [] }),
        };

        await _bench.ApproveAsync(held, OfficeBench.Bob);

        Assert.Equal(ActionState.Superseded, (await _bench.EndOfAsync(held.Id)).State);
    }

    private static string TokenOf(string target) => OfficeBench.TokenKey.ForTokensOf(target)
        .TokenOf("card", Encoding.UTF8.GetBytes(Value));

    private async Task<ActionRecord> HeldAsync() =>
        Assert.IsType<Admission.Held>((await AskAsync("ops", "card", TokenOf("ops"))).Admission).Record;

    private async Task<ActionRecord> ApprovedAsync()
    {
        var held = await HeldAsync();
        Assert.IsType<DeskAnswer.Recorded>(await _bench.ApproveAsync(held, OfficeBench.Bob));
        var ended = await _bench.EndOfAsync(held.Id);
        Assert.Equal(ActionState.Succeeded, ended.State);
        return ended;
    }

    private Task<(Admission? Admission, string? WhyNot)> AskAsync(string target, string kind, string token)
    {
        var arguments = new CanonicalObject().Add("target", target).Add("kind", kind).Add("token", token);
        var action = CanonicalAction.Of(
            AgentDesk.Gateway.Name, TokenDesk.Operation, arguments.ToCanonicalJson());
        return _bench.Office.Tokens.AskAsync(
            new Asking(new Asker(OfficeBench.Bot, null), AgentDesk.Gateway, GateKind.Api, action),
            _bench.Office.Gatekeeper,
            Cancel);
    }

    private async Task<JsonElement> ReadAsync(ActionRecord known, Caller? caller = null)
    {
        var record = (await _bench.Office.Gatekeeper.FindAsync(known.Id, Cancel))!;
        var context = new DefaultHttpContext { RequestAborted = Cancel };
        using var body = new MemoryStream();
        context.Response.Body = body;
        var rooms = new ApiRooms(
            _bench.Office,
            _bench.Store,
            archive: null!,
            () => _bench.Charter,
            new CardMask(() => _bench.Charter, OfficeBench.TokenKey),
            (_, _) => ValueTask.FromResult<Caller?>(null),
            id => new Uri($"http://localhost/console/actions/{id}"));
        await rooms.WriteActionAsync(context, caller ?? new Caller.OfAgent(record.Asker), record);
        return JsonSerializer.Deserialize<JsonElement>(body.ToArray());
    }
}
