using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Redaction.Custom;

/// <summary>
/// A pattern of the operator, in the syntax of policies and in linear time. It is tried on each line, and on a line
/// that is longer than a piece on pieces that overlap.
/// </summary>
internal sealed class CustomPattern
{
    /// <summary>How much of a line is looked at together.</summary>
    public const int Piece = 2048;

    /// <summary>Matches begin in the first half of a piece; those of the second are found by the next piece.</summary>
    public const int Step = Piece / 2;

    private readonly Pattern _pattern;

    private CustomPattern(DataKind kind, Pattern pattern) => (Kind, _pattern) = (kind, pattern);

    public DataKind Kind { get; }

    /// <exception cref="ArgumentException">The pattern is wrong, or cannot be run in linear time.</exception>
    public static CustomPattern Compile(DataKind kind, string pattern) =>
        Pattern.TryCompile(pattern, Pattern.MostWeight, out var compiled, out var reason)
            ? new CustomPattern(kind, compiled!)
            : throw new ArgumentException($"The pattern of '{kind.Name}' cannot be used: {reason}.");

    /// <summary>The matches in a piece, in characters; empty ones are none.</summary>
    public IEnumerable<(int Start, int Length)> Find(string piece) =>
        _pattern.Matches(piece).Where(match => match.Length > 0);
}
