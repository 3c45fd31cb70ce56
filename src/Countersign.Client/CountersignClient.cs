using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Countersign.Client;

/// <summary>
/// The API of Countersign for whoever asks. It keeps nothing: with an action's id, any process with a token of the same
/// agent can go on waiting. All members may be called at the same time.
/// </summary>
public sealed class CountersignClient
{
    /// <summary>Longest error text that a report carries, in characters; a longer one is cut.</summary>
    public const int MaxError = 4000;

    /// <summary>Largest result that a report carries, in bytes; a larger one is left out.</summary>
    public const int MaxResult = 1024 * 1024;

    private const int KeyLength = 32;

    private readonly Wire _wire;
    private readonly CountersignOptions _options;
    private readonly TimeSpan _poll;

    /// <summary>Talks through an HTTP client of the caller, who keeps and disposes it.</summary>
    public CountersignClient(HttpClient http, CountersignOptions options)
    {
        _wire = new Wire(http, options);
        _options = options;
        // A request that waits for news must not look like one that hangs.
        _poll = http.Timeout > TimeSpan.Zero && http.Timeout < options.Poll * 2 ? http.Timeout / 2 : options.Poll;
    }

    internal TimeProvider Time => _options.Time;

    /// <summary>
    /// Asks whether something may be done, and says where that stands: at once, whether or not people have to decide.
    /// </summary>
    /// <exception cref="CountersignException">The request cannot be taken.</exception>
    public async Task<Standing> AskAsync(ActionRequest request, CancellationToken cancellationToken)
    {
        var body = new AskBody(request.Target, request.Operation, request.Arguments, request.Reason, request.Session);
        return StandingOf(await _wire.PostAsync(
            "/v1/actions", body, ClientJson.Default.AskBody, request.IdempotencyKey, cancellationToken));
    }

    /// <summary>One action as it stands now.</summary>
    /// <exception cref="CountersignException">There is no such action for this token.</exception>
    public async Task<Standing> ReadAsync(string id, CancellationToken cancellationToken) =>
        StandingOf(await _wire.SendAsync(HttpMethod.Get, PathOf(id), cancellationToken));

    /// <summary>
    /// Waits until nothing more happens by itself (<see cref="Standing.IsSettled"/>) or time is over, and says where
    /// the action stands then. What keeps the server from answering meanwhile is waited out. Giving up changes nothing:
    /// waiting can go on later, with the same id, in another process.
    /// </summary>
    /// <exception cref="CountersignException">There is no such action for this token.</exception>
    /// <exception cref="HttpRequestException">The server did not answer, and time is over.</exception>
    public async Task<Standing> WaitAsync(string id, TimeSpan patience, CancellationToken cancellationToken)
    {
        var start = _options.Time.GetTimestamp();
        while (true)
        {
            var left = patience - _options.Time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                return await ReadAsync(id, cancellationToken);
            }

            var seconds = Math.Min(left.TotalSeconds, _poll.TotalSeconds);
            var path = string.Create(CultureInfo.InvariantCulture, $"{PathOf(id)}?wait={seconds:0.###}");
            if (await _wire.TryReadAsync(path, cancellationToken) is not { } action)
            {
                await Task.Delay(left < _options.Pause ? left : _options.Pause, _options.Time, cancellationToken);
            }
            else if (Standing.Of(action) is { IsSettled: true } settled)
            {
                return settled;
            }
        }
    }

    /// <summary>
    /// Takes the permit of an approved action. Only <see cref="ClaimAnswer.Claimed"/> is a permission, for one time,
    /// and for the arguments in it.
    /// </summary>
    /// <exception cref="CountersignException">The request cannot be taken; there is no permission.</exception>
    /// <exception cref="HttpRequestException">The server did not answer; there is no permission.</exception>
    public async Task<ClaimAnswer> ClaimAsync(AskedAction approved, CancellationToken cancellationToken)
    {
        // By this key the server knows the claim again when its first answer got lost.
        var key = RandomNumberGenerator.GetHexString(KeyLength, lowercase: true);
        var (answer, _) = await _wire.InsistAsync(
            () => _wire.PostAsync(
                $"{PathOf(approved.Id)}/claim",
                new ClaimBody(approved.Digest),
                ClientJson.Default.ClaimBody,
                key,
                cancellationToken),
            cancellationToken);
        return answer switch
        {
            WireAnswer.OfAction { Action: { State: "executing" } claimed } when claimed.Digest == approved.Digest =>
                new ClaimAnswer.Claimed(claimed),
            WireAnswer.OfProblem { Problem: { Status: 403 or 404 or 409 } problem } =>
                new ClaimAnswer.NotGiven(problem),
            WireAnswer.OfProblem { Problem: var problem } => throw new CountersignException(problem),
            _ => throw new CountersignException(
                $"The server did not confirm the claim of {approved.Id}: there is no permission."),
        };
    }

    /// <summary>Says what became of a claimed permit: once, before <see cref="ShownPermit.ReportBy"/>.</summary>
    /// <exception cref="CountersignException">The request cannot be taken.</exception>
    /// <exception cref="HttpRequestException">The server did not answer; nobody knows whether it was taken.</exception>
    public async Task<ReportAnswer> ReportAsync(
        AskedAction claimed, Report report, CancellationToken cancellationToken)
    {
        var (answer, wasRepeated) = await _wire.InsistAsync(
            () => _wire.PostAsync(
                $"{PathOf(claimed.Id)}/outcome",
                BodyOf(claimed, report),
                ClientJson.Default.OutcomeBody,
                idempotencyKey: null,
                cancellationToken),
            cancellationToken);
        return answer switch
        {
            WireAnswer.OfAction { Action: var action } => new ReportAnswer.Recorded(action),
            // It named its claim, so what was reported before is what an earlier try said.
            WireAnswer.OfProblem { Problem.Slug: "already-reported" } when wasRepeated && claimed.Permit is not null =>
                new ReportAnswer.Recorded((await ReadAsync(claimed.Id, cancellationToken)).Action),
            WireAnswer.OfProblem { Problem: { Status: 404 or 409 } problem } => new ReportAnswer.NotTaken(problem),
            // That it was done counts more than what came of it.
            WireAnswer.OfProblem { Problem.Slug: "too-large" } when report is Report.Succeeded { Result: not null } =>
                await ReportAsync(claimed, new Report.Succeeded(Result: null), cancellationToken),
            WireAnswer.OfProblem { Problem: var problem } => throw new CountersignException(problem),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>Gives up what is pending or approved and not wanted any more.</summary>
    /// <exception cref="CountersignException">There is nothing left to withdraw.</exception>
    public async Task<Standing> WithdrawAsync(string id, string? comment, CancellationToken cancellationToken) =>
        StandingOf(await _wire.PostAsync(
            $"{PathOf(id)}/withdraw",
            new CommentBody(comment),
            ClientJson.Default.CommentBody,
            idempotencyKey: null,
            cancellationToken));

    /// <summary>
    /// Answers as a person, with that person's token: for hosts in which people decide in the chat. An agent's token
    /// cannot vote.
    /// </summary>
    /// <param name="id">The action.</param>
    /// <param name="digest">The digest that the person was shown; after a change it is another one.</param>
    /// <param name="approve">Whether they approve.</param>
    /// <param name="comment">Why, in their words.</param>
    /// <param name="cancellationToken">Stops the request, not what arrived.</param>
    /// <exception cref="CountersignException">The vote does not count; the problem says why.</exception>
    public async Task<Standing> VoteAsync(
        string id, string digest, bool approve, string? comment, CancellationToken cancellationToken) =>
        StandingOf(await _wire.PostAsync(
            $"{PathOf(id)}/votes",
            new VoteBody(approve ? "approve" : "deny", digest, comment),
            ClientJson.Default.VoteBody,
            idempotencyKey: null,
            cancellationToken));

    private static string PathOf(string id) => $"/v1/actions/{Uri.EscapeDataString(id)}";

    private static Standing StandingOf(WireAnswer answer) => answer switch
    {
        WireAnswer.OfAction { Action: var action } => Standing.Of(action),
        WireAnswer.OfProblem { Problem: var problem } => throw new CountersignException(problem),
        _ => throw new UnreachableException(),
    };

    private static OutcomeBody BodyOf(AskedAction claimed, Report report)
    {
        var (digest, claim) = (claimed.Digest, claimed.Permit?.Claim);
        return report switch
        {
            Report.Succeeded { Result: var it } => new OutcomeBody(digest, "succeeded", claim, Fitting(it), null),
            Report.Failed { Error: var error } => new OutcomeBody(digest, "failed", claim, null, Fitting(error)),
            Report.Unknown { Error: var error } => new OutcomeBody(digest, "unknown", claim, null, Fitting(error)),
            _ => throw new UnreachableException(),
        };
    }

    private static JsonElement? Fitting(JsonElement? result) =>
        result is { ValueKind: not JsonValueKind.Undefined } value
        && Encoding.UTF8.GetByteCount(value.GetRawText()) <= MaxResult
            ? value
            : null;

    private static string Fitting(string error)
    {
        if (error.Length <= MaxError)
        {
            return error;
        }

        // Half of a pair of surrogates is no text.
        return char.IsHighSurrogate(error[MaxError - 1]) ? error[..(MaxError - 1)] : error[..MaxError];
    }
}
