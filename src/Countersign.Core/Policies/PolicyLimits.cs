namespace Countersign.Core.Policies;

/// <summary>Every limit of a policy, by name; a policy beyond one is refused when it is loaded.</summary>
public static class PolicyLimits
{
    /// <summary>Files of one policy.</summary>
    public const int Files = 1_000;

    /// <summary>Characters of one file.</summary>
    public const int FileLength = 4 * 1024 * 1024;

    /// <summary>Levels of lists and mappings inside one another.</summary>
    public const int Nesting = 16;

    /// <summary>Rules over all files.</summary>
    public const int Rules = 10_000;

    /// <summary>Assertions over all files.</summary>
    public const int Assertions = 1_000;

    /// <summary>Stages of one requirement.</summary>
    public const int Stages = 16;

    /// <summary>Parties that one stage asks, and as many that it escalates to.</summary>
    public const int Parties = 64;

    /// <summary>Votes that one stage may need.</summary>
    public const int Need = 100;

    /// <summary>Characters of a rule's reason.</summary>
    public const int ReasonLength = 2_000;

    /// <summary>Uses that one approval may grant.</summary>
    public const int Uses = 1_000;

    /// <summary>Errors that are reported; the rest waits until these are mended.</summary>
    public const int Errors = 100;

    /// <summary>Longest time a stage may wait.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromDays(30);

    /// <summary>Longest time an approval may not be returned.</summary>
    public static readonly TimeSpan ReciprocalWithin = TimeSpan.FromDays(30);

    /// <summary>Longest time a grant may live.</summary>
    public static readonly TimeSpan GrantTimeToLive = TimeSpan.FromDays(7);

    /// <summary>Longest execution a rule may allow.</summary>
    public static readonly TimeSpan ExecutionTime = TimeSpan.FromDays(1);
}
