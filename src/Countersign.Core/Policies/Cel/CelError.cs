namespace Countersign.Core.Policies.Cel;

/// <summary>One reason why an expression is refused; line and column count from 1 within the expression.</summary>
public sealed record CelError(int Line, int Column, string Message, string? Suggestion = null)
{
    public override string ToString() => Suggestion is null
        ? $"{Line}:{Column}: {Message}"
        : $"{Line}:{Column}: {Message} (did you mean '{Suggestion}'?)";

    internal static CelError At(string source, int offset, string message, string? suggestion = null)
    {
        var before = source.AsSpan(0, Math.Min(offset, source.Length));
        var lineStart = before.LastIndexOf('\n') + 1;
        return new CelError(before.Count('\n') + 1, before.Length - lineStart + 1, message, suggestion);
    }
}
