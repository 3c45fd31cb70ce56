namespace Countersign.Core.Actions;

/// <summary>What the agent says about its request. Never a basis for letting anything through.</summary>
public sealed record Claimed(string? Reason, string? Session)
{
    /// <summary>
    /// Longest reason or session name that is kept; the rest is cut, because nothing may depend on it.
    /// </summary>
    public const int MaxLength = 2000;

    public static Claimed Nothing { get; } = new(null, null);

    public static Claimed Of(string? reason, string? session) => new(Cut(reason), Cut(session));

    private static string? Cut(string? text) => text is { Length: > MaxLength } ? text[..MaxLength] : text;
}
