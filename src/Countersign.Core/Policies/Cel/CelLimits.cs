namespace Countersign.Core.Policies.Cel;

/// <summary>Every limit of the condition language, by name; an expression or a value beyond one is refused.</summary>
public sealed record CelLimits
{
    public static readonly CelLimits Default = new();

    /// <summary>Characters in one expression.</summary>
    public int SourceLength { get; init; } = 16_384;

    /// <summary>Levels of nesting; bounds the stack of parser, checker and evaluator.</summary>
    public int Depth { get; init; } = 200;

    /// <summary>Comprehensions inside one another.</summary>
    public int NestedComprehensions { get; init; } = 4;

    /// <summary>Static upper bound of one evaluation, in steps.</summary>
    public long Cost { get; init; } = 1_000_000;

    /// <summary>Steps one evaluation may take; the backstop behind <see cref="Cost"/>.</summary>
    public long Steps { get; init; } = 2_000_000;

    /// <summary>UTF-16 code units of a string, or octets of bytes, that an evaluation may build.</summary>
    internal const int TextLength = 1 << 20;

    /// <summary>Elements of a list or entries of a map that an evaluation may build.</summary>
    internal const int Elements = 1 << 16;

    /// <summary>Characters of a regular expression.</summary>
    internal const int PatternLength = 1_024;

    /// <summary>Nesting of a value read from JSON.</summary>
    internal const int ValueDepth = 128;
}
