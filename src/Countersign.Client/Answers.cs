using System.Text.Json;

namespace Countersign.Client;

/// <summary>What became of a claim.</summary>
public abstract record ClaimAnswer
{
    private ClaimAnswer()
    {
    }

    /// <summary>The permission: act on the arguments of this action, once, and report.</summary>
    /// <param name="Action">The action as it was claimed.</param>
    public sealed record Claimed(AskedAction Action) : ClaimAnswer;

    /// <summary>No permission: do nothing.</summary>
    /// <param name="Problem">Why not.</param>
    public sealed record NotGiven(Problem Problem) : ClaimAnswer;
}

/// <summary>What became of a permit that was claimed.</summary>
public abstract record Report
{
    private Report()
    {
    }

    /// <summary>It was done.</summary>
    /// <param name="Result">What came of it; recorded, and masked as the target says.</param>
    public sealed record Succeeded(JsonElement? Result) : Report;

    /// <summary>It was tried, and it took no effect.</summary>
    /// <param name="Error">Why.</param>
    public sealed record Failed(string Error) : Report;

    /// <summary>It may or may not have taken effect.</summary>
    /// <param name="Error">Why nobody knows.</param>
    public sealed record Unknown(string Error) : Report;
}

/// <summary>What became of a report.</summary>
public abstract record ReportAnswer
{
    private ReportAnswer()
    {
    }

    /// <summary>It is in the ledger.</summary>
    /// <param name="Action">The action as it stands now.</param>
    public sealed record Recorded(AskedAction Action) : ReportAnswer;

    /// <summary>It was not taken.</summary>
    /// <param name="Problem">Why not.</param>
    public sealed record NotTaken(Problem Problem) : ReportAnswer;
}
