namespace Countersign.Client;

/// <summary>The server refused a request, or answered in a way that this client does not understand.</summary>
/// <remarks>What the network could not carry is an <see cref="HttpRequestException"/>, as always.</remarks>
public sealed class CountersignException : Exception
{
    /// <summary>With what the server said.</summary>
    public CountersignException(Problem problem)
        : base($"{problem.Slug} ({problem.Status}): {problem.Detail}") => Problem = problem;

    /// <summary>With words of the client's own.</summary>
    public CountersignException(string message)
        : base(message)
    {
    }

    /// <summary>With words of the client's own, and their cause.</summary>
    public CountersignException(string message, Exception cause)
        : base(message, cause)
    {
    }

    /// <summary>What the server said; <c>null</c> when it was no problem document.</summary>
    public Problem? Problem { get; }
}
