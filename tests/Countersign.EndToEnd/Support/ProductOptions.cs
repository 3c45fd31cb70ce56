namespace Countersign.EndToEnd.Support;

/// <summary>What one test wants to be different from the standard product.</summary>
internal sealed record ProductOptions
{
    /// <summary>Address of the MCP server behind target <c>ops</c>; without one that target is left out.</summary>
    public Uri? Upstream { get; init; }

    /// <summary>What target <c>ops</c> says besides, as YAML members.</summary>
    public string Ops { get; init; } = "credentials: { header: Authorization, value: env:OPS_TOKEN }";

    /// <summary>More targets, as lines of YAML below <c>targets:</c>.</summary>
    public string Targets { get; init; } = "";

    /// <summary>More top-level keys of the configuration.</summary>
    public string More { get; init; } = "";

    /// <summary>More environment variables of the product.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>More accounts of people, by <c>ALICE</c> and so on.</summary>
    public IReadOnlyDictionary<string, string> Accounts { get; init; } = new Dictionary<string, string>();

    /// <summary>A role of people who have another one already, by <c>ALICE</c> and so on.</summary>
    public IReadOnlyDictionary<string, string> Roles { get; init; } = new Dictionary<string, string>();

    /// <summary>More people, each in a new line.</summary>
    public string People { get; init; } = "";

    /// <summary>More members of <c>ledger</c>, each behind a comma.</summary>
    public string Ledger { get; init; } = "";

    public string Policy { get; init; } = StandardPolicy.Text;

    /// <summary>Where the store and the keys are; a path relative to the configuration, or an absolute one.</summary>
    public string DataFolder { get; init; } = "data";

    /// <summary>
    /// Where the first process kills itself; the next one is the ordinary product. The words are those of the build
    /// configuration Faults, in <c>Hosting/Faults</c>.
    /// </summary>
    public string? KillAt { get; init; }
}
