using System.Text.Json;

namespace Countersign.Client;

/// <summary>What an agent wants to do.</summary>
/// <param name="Target">The target of the configuration; for a permit one with <c>gate: api</c>.</param>
/// <param name="Operation">What is done; policies see it as <c>action.operation</c>.</param>
/// <param name="Arguments">With what, as a JSON object. People see it, and it is covered by the digest.</param>
public sealed record ActionRequest(string Target, string Operation, JsonElement Arguments)
{
    /// <summary>Why, in the agent's words. Reviewers read it; nobody checks it.</summary>
    public string? Reason { get; init; }

    /// <summary>The agent's session or run, for whoever reads the record later.</summary>
    public string? Session { get; init; }

    /// <summary>
    /// Makes this request another one than every request with another key or none. Without a key the same request
    /// finds what is still open of an earlier one, which is what an agent wants that lost its patience.
    /// </summary>
    public string? IdempotencyKey { get; init; }
}
