using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>What a reviewer may edit of a request.</summary>
/// <param name="Statement">The text of a statement; <c>null</c> where all arguments are edited as JSON.</param>
/// <param name="Json">A statement's parameters, or all arguments.</param>
public sealed record ReviseView(string? Statement, string Json)
{
    /// <summary>Why changing it would probably be in vain; <c>null</c> when nothing is known against it.</summary>
    public string? Warning { get; init; }

    /// <summary>Why, as far as it was written already.</summary>
    public string? Comment { get; init; }
}

/// <summary>One change that somebody made.</summary>
/// <param name="Who">By whom, in words.</param>
/// <param name="At">When.</param>
/// <param name="Comment">Why; <c>null</c> when they said nothing.</param>
/// <param name="Lines">The arguments before and after it, compared.</param>
public sealed record ChangeView(string Who, DateTimeOffset At, string? Comment, ImmutableArray<DiffLine> Lines);
