using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>A change that nobody has recorded yet: typed, or compared with what stands.</summary>
public sealed record RevisionView
{
    public required string Id { get; init; }

    /// <summary>Names the page in the browser's tab.</summary>
    public string Title => Compared is null ? "Change a request" : "Compare a change";

    public required string Environment { get; init; }

    public required string Headline { get; init; }

    /// <summary>Of the revision that the reader was shown.</summary>
    public required string Digest { get; init; }

    /// <summary>What was typed.</summary>
    public required ReviseView Typed { get; init; }

    /// <summary>What was compared; <c>null</c> while it is edited.</summary>
    public ComparedView? Compared { get; init; }

    /// <summary>Why it is not saved; <c>null</c> when nothing speaks against it.</summary>
    public string? WhyNot { get; init; }
}

/// <summary>What a change would come to.</summary>
public sealed record ComparedView
{
    /// <summary>Of the revision that it would be: what is saved has to be that.</summary>
    public required string Digest { get; init; }

    public required string ShortDigest { get; init; }

    public required ImmutableArray<DiffLine> Lines { get; init; }

    /// <summary>How many values are hidden on this page; empty when none is.</summary>
    public required string Hidden { get; init; }

    /// <summary>The reason of whoever changes it; <c>null</c> when they give none.</summary>
    public required string? Comment { get; init; }

    public required ImmutableArray<LabelledText> Effects { get; init; }

    public required ImmutableArray<string> Findings { get; init; }

    public required ImmutableArray<LabelledText> Rules { get; init; }

    /// <summary>What the policy says, and who could decide.</summary>
    public required ImmutableArray<string> Why { get; init; }
}
