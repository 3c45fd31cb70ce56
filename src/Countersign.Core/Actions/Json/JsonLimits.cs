namespace Countersign.Core.Actions.Json;

/// <summary>What untrusted JSON may cost; each limit is checked while reading, before anything is hashed.</summary>
public sealed record JsonLimits
{
    // Reading recurses once per level, so the deepest document anyone may configure must fit a thread's stack.
    private const int DeepestDepth = 512;

    /// <summary>Limits with every default.</summary>
    public static JsonLimits Default { get; } = new();

    /// <summary>No limit of its own: for bytes that passed a limit before they were stored.</summary>
    internal static JsonLimits Unbounded { get; } =
        new() { Bytes = int.MaxValue / 8, Depth = DeepestDepth, Values = int.MaxValue, NumberCharacters = 4096 };

    /// <summary>Bytes of the input, and of its canonical form; 10 MiB by default.</summary>
    public int Bytes { get; init => field = Checked(value, 1, int.MaxValue / 8, nameof(Bytes)); } = 10 * 1024 * 1024;

    /// <summary>Objects and arrays inside each other; 64 by default.</summary>
    public int Depth { get; init => field = Checked(value, 1, DeepestDepth, nameof(Depth)); } = 64;

    /// <summary>Members and elements of the whole document; 100,000 by default.</summary>
    public int Values { get; init => field = Checked(value, 1, int.MaxValue, nameof(Values)); } = 100_000;

    /// <summary>
    /// Characters of one number as written; 64 by default, and never fewer than a canonical double may need.
    /// </summary>
    public int NumberCharacters { get; init => field = Checked(value, 32, 4096, nameof(NumberCharacters)); } = 64;

    /// <summary>
    /// Accepts names of one object that differ in case only, as RFC 8785 alone would; never for the arguments of an
    /// action, where two receivers could read two different members.
    /// </summary>
    internal bool NamesMayDifferInCaseOnly { get; init; }

    private static int Checked(int value, int least, int most, string name) =>
        value >= least && value <= most
            ? value
            : throw new ArgumentOutOfRangeException(
                name, value, $"The JSON limit {name} must lie between {least} and {most}.");
}
