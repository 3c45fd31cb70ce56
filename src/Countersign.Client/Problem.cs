namespace Countersign.Client;

/// <summary>An error of the API (RFC 9457).</summary>
public sealed record Problem
{
    /// <summary>An address that ends in <see cref="Slug"/>.</summary>
    public required string Type { get; init; }

    /// <summary>The slug in words.</summary>
    public string Title { get; init; } = "";

    /// <summary>The status of the response.</summary>
    public int Status { get; init; }

    /// <summary>What happened, why, and what to do.</summary>
    public string Detail { get; init; } = "";

    /// <summary>The action it is about, if any.</summary>
    public string? Action { get; init; }

    /// <summary>The state of that action.</summary>
    public string? State { get; init; }

    /// <summary>The digest of that action.</summary>
    public string? Digest { get; init; }

    /// <summary>The name of the error, such as <c>already-claimed</c>.</summary>
    public string Slug => Type[(Type.LastIndexOf('/') + 1)..];
}
