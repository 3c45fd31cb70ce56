namespace Countersign.Core.Policies;

/// <summary>One reason why a policy is refused, as <c>FILE:LINE:COLUMN: message (did you mean 'x'?)</c>.</summary>
public sealed record PolicyError(SourcePosition At, string Message, string? Suggestion = null)
{
    public override string ToString() =>
        Suggestion is null ? $"{At}: {Message}" : $"{At}: {Message} (did you mean '{Suggestion}'?)";
}
