using Microsoft.Extensions.AI;

namespace Countersign.Client;

/// <summary>How an <see cref="ApprovalFunction"/> asks.</summary>
/// <param name="Target">The target that it asks for: one with <c>gate: api</c>, which executes nothing.</param>
public sealed record ApprovalFunctionOptions(string Target)
{
    /// <summary>What policies see as the operation; by default the function's name.</summary>
    public string? Operation { get; init; }

    /// <summary>
    /// How long a call waits for people; by default five minutes. Then the model is told to call again, which goes on
    /// with the same request.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Why the agent wants it, for the reviewers; by default nothing is said.</summary>
    public Func<AIFunctionArguments, string?> Reason { get; init; } = static _ => null;

    /// <summary>The agent's session, for the record; by default none.</summary>
    public string? Session { get; init; }

    /// <summary>
    /// Makes a call another request than an identical one; by default no call is, so that a call after a time-out goes
    /// on with what the one before it asked.
    /// </summary>
    public Func<AIFunctionArguments, string?> IdempotencyKey { get; init; } = static _ => null;

    /// <summary>
    /// What an exception of the function means for the record: by default that it failed, and when it was cancelled
    /// that nobody knows.
    /// </summary>
    public Func<Exception, Report> Judge { get; init; } = ApprovalFunction.JudgeByDefault;

    /// <summary>Whether what the function returns is recorded with its outcome; by default it is.</summary>
    public bool RecordsResult { get; init; } = true;

    /// <summary>
    /// Whether a call that may not run throws <see cref="NotApprovedException"/> instead of returning a text for the
    /// model; by default it returns the text, because function-calling clients hide exceptions from the model.
    /// </summary>
    public bool ThrowsRefusals { get; init; }

    /// <summary>
    /// Told when the outcome could not be reported. What the function did or threw is returned all the same, and the
    /// action's outcome becomes unknown when its time is over.
    /// </summary>
    public Action<AskedAction, Exception> OnUnreported { get; init; } = static (_, _) => { };

    /// <summary>How long reporting may take, even when the caller is gone; by default half a minute.</summary>
    public TimeSpan ReportTime { get; init; } = TimeSpan.FromSeconds(30);
}
