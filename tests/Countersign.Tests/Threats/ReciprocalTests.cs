using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Console.Views;
using Countersign.Tests.Console;
using Countersign.Tests.Core;
using static Countersign.Tests.Core.CoreHost;

namespace Countersign.Tests.Threats;

/// <summary>Two people who approve each other's requests pass every review that asks for one other person.</summary>
public sealed class ReciprocalTests : CoreTests
{
    private static readonly TimeSpan s_within = TimeSpan.FromHours(8);

    [Fact]
    [Trait("Threat", "THR-014"), Trait("CWE", "840")]
    public async Task An_approval_in_return_is_told_beforehand_and_recorded()
    {
        var first = await ApprovedAsync(of: Alice, by: Bob);
        var held = await HoldOfAsync(Bob, "return");

        var favours = await Host.Desk.FindFavoursAsync([held], Host.Cancel);
        var owed = Assert.Single(Host.Desk.OwedFor(held, favours));
        Assert.Equal((Bob, Alice, first.Id), (owed.By, owed.Of, owed.Action));
        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(held, Alice));

        Assert.Equal(owed, Assert.Single((await Host.ReadAsync(held)).Life.Votes).Returns);
        var returns = (await Host.PayloadsOfAsync(EntryType.ReviewVote))[^1].Payload.GetProperty("returns");
        Assert.Equal("bob", returns.GetProperty("by").GetString());
        Assert.Equal(first.Id.Value, returns.GetProperty("action").GetString());
    }

    [Fact]
    [Trait("Threat", "THR-014"), Trait("CWE", "840")]
    public async Task A_rule_takes_no_approval_in_return_for_its_hours()
    {
        var first = await ApprovedAsync(of: Alice, by: Bob);
        await Host.PutInForceAsync(Demand.OneDbaWithoutReturn(s_within));
        Host.Time.Advance(s_within);
        var early = await HoldOfAsync(Bob, "return");

        var refused = Assert.IsType<DeskAnswer.Refused>(await Host.VoteAsync(early, Alice));
        Assert.Equal(StepRefusal.NotEligible, refused.Why);
        var right = await Host.Desk.FindRightAsync(Alice, early, Host.Cancel);
        Assert.False(right.MayApprove);
        Assert.True(right.MayDeny);
        Assert.Contains(first.Id.Value, right.WhyNot, StringComparison.Ordinal);

        Host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(early, Alice));
    }

    [Fact]
    [Trait("Threat", "THR-014"), Trait("CWE", "840")]
    public async Task Whom_an_agent_acts_for_counts_like_its_owner()
    {
        Host.SetOwner(Lead);
        var asked = AskDetached();
        var delegated = await Host.HoldAsync(asked with { Asker = asked.Asker with { OnBehalfOf = Alice } });
        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(delegated, Bob));
        await Host.UntilEndedAsync(delegated);
        await Host.PutInForceAsync(Demand.OneDbaWithoutReturn(s_within));
        asked = AskDetached("more");
        var held = await Host.HoldAsync(asked with { Asker = asked.Asker with { OnBehalfOf = Bob } });

        var refused = Assert.IsType<DeskAnswer.Refused>(await Host.VoteAsync(held, Alice));

        Assert.Equal(StepRefusal.NotEligible, refused.Why);
    }

    [Fact]
    [Trait("Threat", "THR-014"), Trait("CWE", "840")]
    public async Task A_refused_vote_and_a_denial_are_nothing_to_return()
    {
        var refused = await HoldOfAsync(Alice);
        Assert.IsType<DeskAnswer.Refused>(await Host.VoteAsync(refused, Lead));
        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(refused, Bob, Decision.Deny));
        await Host.PutInForceAsync(Demand.OneDbaWithoutReturn(s_within));

        foreach (var owner in (PersonId[])[Lead, Bob])
        {
            Host.SetOwner(owner);
            var held = await Host.HoldAsync(AskDetached($"write-{owner}"));
            Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(held, Alice));
            Assert.Null(Assert.Single((await Host.ReadAsync(held)).Life.Votes).Returns);
            await Host.UntilEndedAsync(held);
        }
    }

    [Fact]
    [Trait("Threat", "THR-014"), Trait("CWE", "840")]
    public async Task Of_two_votes_at_the_same_moment_the_second_knows_of_the_first()
    {
        await Host.PutInForceAsync(Demand.OneDbaWithoutReturn(s_within));
        var ofAlice = await HoldOfAsync(Alice);
        Host.SetOwner(Bob);
        var ofBob = await Host.HoldAsync(AskDetached("other"));
        Host.Store.AfterFavoursWereRead = async () =>
        {
            Host.SetOwner(Alice);
            Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(ofAlice, Bob));
            Host.SetOwner(Bob);
        };

        var refused = Assert.IsType<DeskAnswer.Refused>(await Host.VoteAsync(ofBob, Alice));

        Assert.Equal(StepRefusal.NotEligible, refused.Why);
    }

    [Fact]
    [Trait("Threat", "THR-014"), Trait("CWE", "840")]
    public async Task What_somebody_returns_later_takes_no_vote_back()
    {
        var ofBob = await HoldOfAsync(Bob, "other");
        await Host.PutInForceAsync(Demand.OneDbaWithoutReturn(s_within));
        var held = await Host.HoldAsync(Ask() with { Asker = Ask().Asker with { OnBehalfOf = Alice } });
        Host.SetOwner(Lead);
        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(held, Bob));
        Host.SetOwner(Bob);
        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(ofBob, Alice));
        Host.SetOwner(Lead);

        var taken = await Host.CallBrieflyAsync(Ask() with { Asker = Ask().Asker with { OnBehalfOf = Alice } });

        Assert.Equal(ActionState.Succeeded, Assert.IsType<Answer.Ended>(taken).Record.State);
    }

    [Fact]
    [Trait("Threat", "THR-014"), Trait("CWE", "840")]
    public async Task The_page_the_card_and_the_command_line_warn_of_it()
    {
        await using var host = await ConsoleHost.StartAsync();
        host.Require(ConsoleHost.Need("strict", "No favours.", ConsoleHost.Of("group:dba", 1)) with
        {
            Assurance = Assurance.Token,
            DistinctFrom = [Exclusion.Reciprocal],
        });
        var first = await host.AskAsync(new Ask { OnBehalfOf = "carol" });
        using var bob = await host.OpenForAsync("bob");
        await bob.VoteAsync(first.Id.Value, "approve");
        host.Charter = host.Charter with
        {
            People = new People(
                host.Charter.People.Persons, [new Agent(new AgentId("deploy-bot"), Party.Parse("bob"))]),
        };
        var record = await host.AskAsync(new Ask { Operation = "another" });
        using var carol = await host.OpenForAsync("carol");

        var page = await carol.ReadAsync($"/console/actions/{record.Id}");

        Assert.Contains(
            "An approval by Carol Danvers (carol) would return one: Bob Sawyer (bob), who stands behind this", page);
        Assert.Contains($"approved one of yours lately ({first.Id})", page);
        var refused = await carol.VoteAsync(record.Id.Value, "approve");
        Assert.Contains("a rule takes no approval in return so soon", refused);
        var favours = await host.Office.ReviewDesk.FindFavoursAsync([record], Host.Cancel);
        var owed = host.Office.ReviewDesk.OwedFor(record, favours);
        Assert.Contains(owed, favour => favour.Of == new PersonId("carol"));
        var line = FavourLines.Of(record, owed, host.Charter.People)[^1];
        var mask = new CardMask(() => host.Charter, new RedactionKey(new byte[RedactionKey.Length]));
        var card = new SlackCard(() => host.Charter, mask, id => new Uri($"https://example.org/{id}"));
        Assert.Contains(
            line,
            card.Render(record, isFirst: null, owed).ToArguments("C1", ts: null).ToJsonString(),
            StringComparison.Ordinal);
    }

    private async Task<ActionRecord> HoldOfAsync(PersonId owner, string operation = "write")
    {
        Host.SetOwner(owner);
        return await Host.HoldAsync(AskDetached(operation));
    }

    private async Task<ActionRecord> ApprovedAsync(PersonId of, PersonId by)
    {
        var held = await HoldOfAsync(of);
        Assert.IsType<DeskAnswer.Recorded>(await Host.VoteAsync(held, by));
        return await Host.UntilEndedAsync(held);
    }
}
