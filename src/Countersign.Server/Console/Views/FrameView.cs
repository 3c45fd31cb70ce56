using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

// The views are public because Razor compiles components to public classes, and C# wants the types of their parameters
// to be as visible as they are. Nothing outside this program can see them.

/// <summary>What surrounds every page.</summary>
/// <param name="Title">Names the page in the browser's tab.</param>
/// <param name="Person">Who is signed in; <c>null</c> before sign-in.</param>
public sealed record FrameView(string Title, SignedInView? Person)
{
    /// <summary>Where the page listens for changes; <c>null</c> when it shows nothing that changes.</summary>
    public string? Events { get; init; }

    /// <summary>Where the page fetches its changed parts.</summary>
    public string? Fragment { get; init; }

    /// <summary>The channels that bring reviews to people.</summary>
    public ImmutableArray<ChannelView> Channels { get; init; } = [];
}

/// <summary>A channel, and what of it does not work; <c>null</c> when everything does.</summary>
public sealed record ChannelView(string Name, string? Complaint);

/// <summary>Who is signed in, how, and the token their forms carry.</summary>
public sealed record SignedInView(string Id, string Name, string Assurance, string FormToken);

/// <summary>A fact with its name, as one row of a list.</summary>
public sealed record LabelledText(string Label, string Text)
{
    /// <summary>Whether a reader should stop at it.</summary>
    public bool Warns { get; init; }
}
