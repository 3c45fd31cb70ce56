using Countersign.Tests.Support;

namespace Countersign.Tests.Model;

/// <summary>
/// Every order in which two voters, a modification, a withdrawal, timers, two nodes, crashes and lost acknowledgements
/// can meet. The table of invariants is that of the design; each seeded bug shows that the walk would have found it.
/// </summary>
public sealed class ModelTests
{
    [Theory]
    [InlineData(Taker.Node)]
    [InlineData(Taker.Asker)]
    public void No_order_of_events_breaks_an_invariant(Taker taker)
    {
        var finding = new Explorer(DesignBug.None, new Scene(taker, MaxInFlight: 2)).Explore();

        Print($"Taken by {taker}: {finding.States} states, {finding.Transitions} transitions, no breach.");
        Assert.True(finding.Breach is null, Show(finding));
        Assert.True(finding.States > 10_000, $"Only {finding.States} states were reached.");
    }

    [Fact]
    // FLT-31.
    public void No_order_of_answers_in_three_channels_at_once_breaks_an_invariant()
    {
        var mostInFlight = FullRun.IsOn ? 3 : 2;
        var scene = new Scene(Taker.Node, mostInFlight, Channels: 3);

        var finding = new Explorer(DesignBug.None, scene).Explore();

        Print($"In three channels: {finding.States} states, {finding.Transitions} transitions, no breach.");
        Assert.True(finding.Breach is null, Show(finding));
        Assert.True(finding.States > 10_000, $"Only {finding.States} states were reached.");
    }

    [Theory]
    [InlineData(DesignBug.AccountIsPerson, 1)]
    [InlineData(DesignBug.DuplicateVoteCounts, 2)]
    public void One_person_in_two_channels_who_counts_twice_is_found(DesignBug bug, int maxInFlight)
    {
        var finding = new Explorer(bug, new Scene(Taker.Node, maxInFlight, Channels: 2)).Explore();

        Print($"{bug} in two channels: {Show(finding)}");
        Assert.StartsWith("I5", finding.Breach, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DesignBug.NoCompareAndSet, "I10", 2)]
    [InlineData(DesignBug.RefusedClaimActs, "I9", 2)]
    [InlineData(DesignBug.EffectBeforeClaim, "I9", 1)]
    [InlineData(DesignBug.ReaperRequeues, "I2", 1)]
    [InlineData(DesignBug.SelfApprovalByAccount, "I4", 1)]
    [InlineData(DesignBug.NoExpiryAtClaim, "I7", 1)]
    [InlineData(DesignBug.NoDigestBinding, "I10", 1)]
    [InlineData(DesignBug.DuplicateVoteCounts, "I5", 1)]
    [InlineData(DesignBug.DenyIgnoredAfterApprove, "I6", 1)]
    [InlineData(DesignBug.LostAcknowledgementSentAgain, "I2", 1)]
    [InlineData(DesignBug.LostAcknowledgementNeverReaped, "L1", 1)]
    [InlineData(DesignBug.SilenceProvesFailure, "I18", 1)]
    public void A_design_bug_is_found_with_a_shortest_trace(DesignBug bug, string invariant, int maxInFlight)
    {
        var finding = new Explorer(bug, new Scene(Taker.Node, maxInFlight)).Explore();

        Print($"{bug}: {Show(finding)}");
        Assert.StartsWith(invariant, finding.Breach, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Trace);
    }

    [Theory]
    [InlineData(DesignBug.EffectBeforeClaim, "I9")]
    [InlineData(DesignBug.NoExpiryAtClaim, "I7")]
    [InlineData(DesignBug.LostAcknowledgementSentAgain, "I2")]
    [InlineData(DesignBug.SilenceIsWaitedFor, "L1")]
    public void A_design_bug_of_permits_is_found_with_a_shortest_trace(DesignBug bug, string invariant)
    {
        var finding = new Explorer(bug, new Scene(Taker.Asker, MaxInFlight: 1)).Explore();

        Print($"{bug} of permits: {Show(finding)}");
        Assert.StartsWith(invariant, finding.Breach, StringComparison.Ordinal);
    }

    /// <summary>For whoever runs the tests, whether they pass or not.</summary>
    private static void Print(string text) => System.Console.WriteLine(text);

    private static string Show(Finding finding) =>
        $"{finding.Breach} ({finding.States} states)\n  {string.Join("\n  ", finding.Trace)}";
}
