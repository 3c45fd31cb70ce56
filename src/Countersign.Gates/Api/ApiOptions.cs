namespace Countersign.Gates.Api;

/// <summary>What bounds the API.</summary>
internal sealed record ApiOptions
{
    /// <summary>Longest <c>?wait</c>; a longer one is refused rather than cut.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(5);
}
