using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Gates.Credentials;
using Countersign.Gates.Outbound;

namespace Countersign.Gates.Http;

/// <summary>
/// Sends an approved request to its target, exactly once, written anew from the action.
/// <list type="number">
/// <item>The action is read again, strictly.</item>
/// <item>The credential is made or asked for; where that takes time, the claim is looked at once more.</item>
/// <item>Sent. Up to here every failure is <c>failed</c>, because nothing left.</item>
/// <item>What the target answered is read as far as it is recorded; for a caller who is there the rest follows.</item>
/// </list>
/// </summary>
internal sealed class HttpExecutor(HttpGateOptions options, HttpUpstreams upstreams)
{
    private const string Key = "Idempotency-Key";

    /// <summary>Over a gateway that had no answer, nobody knows whether the request was carried out.</summary>
    private static readonly ImmutableArray<int> SaysNothing = [502, 504];

    private readonly ClaimCheck _claims = new(options.Gatekeeper, options.Stopped, options.Time);

    /// <summary>Executes for a caller who takes the answer, or for nobody, so that it has to be kept.</summary>
    /// <param name="action">What was approved.</param>
    /// <param name="target">How its target is reached.</param>
    /// <param name="caller">Who gets the answer; <c>null</c> when somebody may come back for it.</param>
    /// <param name="cancellationToken">The time that was approved.</param>
    public async Task<Outcome> ExecuteAsync(
        ActionRecord action, HttpOptions target, Action<LiveAnswer>? caller, CancellationToken cancellationToken)
    {
        // 1.
        if (!HttpCall.TryRead(
            action.Action.Operation, action.Action.Arguments, options.ReadingOf(target), out var call, out var whyNot))
        {
            return NothingSent($"the request cannot be read any more: {whyNot}.");
        }

        if (options.Stopped.Contains(action.Asker.Agent))
        {
            return NothingSent("people stopped the agent.");
        }

        var bounds = AnswerBounds.Of(action, options.Time);

        // 2.
        if (target.Mint is not { } mint)
        {
            return await LendAsync(action, call, target, bounds, caller, cancellationToken);
        }

        switch (await mint(action, cancellationToken))
        {
            case Minting.Failed failed:
                return NothingSent(failed.Why);
            case Minting.Made { Credential: var credential }:
                await using (credential)
                {
                    return await _claims.WhyTooLateAsync(
                        action, credential.UsableUntil, cancellationToken) is { } tooLate
                        ? NothingSent(tooLate)
                        : await SendAsync(
                            action, call, target, new Lent(credential.Headers), bounds, caller, cancellationToken);
                }

            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Sends a read that the policy allows, for a caller who takes the answer.</summary>
    public async Task<(Outcome Outcome, long Bytes)> ReadAsync(
        HttpCall call,
        Uri address,
        TargetName name,
        HttpOptions target,
        Action<LiveAnswer> caller,
        CancellationToken cancellationToken)
    {
        var bytes = 0L;
        Lent? credential = null;
        try
        {
            credential = target.Credential is { } standing ? await standing(null, cancellationToken) : null;
        }
        catch (CredentialException none)
        {
            return (NothingSent(none.Message), 0);
        }

        using var message = Compose(call, credential, address, isRead: true, out var content);
        var sending = new Sending(name, call, target, message, content, credential, answer =>
        {
            bytes = answer.Length;
            caller(answer);
        })
        {
            IsKept = false,
        };
        return (await SendAsync(sending, cancellationToken), bytes);
    }

    /// <summary>The request as it is sent, for an execution and for a preview alike.</summary>
    /// <param name="call">What is sent.</param>
    /// <param name="credential">The gateway's own.</param>
    /// <param name="address">Where to.</param>
    /// <param name="isRead">
    /// Whether it may be sent again where a connection ends before its answer. Everything else has a body that can be
    /// written once, be it empty: the HTTP stack would send a GET that people approved a second time.
    /// </param>
    /// <param name="content">The body.</param>
    public static HttpRequestMessage Compose(
        HttpCall call, Lent? credential, Uri address, bool isRead, out OnceContent? content)
    {
        var type = call.Headers.Find(HttpHeaders.ContentType);
        content = isRead && call.Body.Sent.IsEmpty && call.Method is "GET" or "HEAD" or "OPTIONS"
            ? null
            : new OnceContent(call.Body.Sent, type);
        var message = new HttpRequestMessage(HttpMethod.Parse(call.Method), address) { Content = content };
        foreach (var (name, value) in call.Headers.Values)
        {
            if (name.StartsWith("content-", StringComparison.Ordinal))
            {
                if (name != HttpHeaders.ContentType)
                {
                    content?.Headers.TryAddWithoutValidation(name, value);
                }
            }
            else
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }
        }

        message.Headers.TryAddWithoutValidation("User-Agent", "Countersign");
        message.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        foreach (var header in credential?.Headers ?? [])
        {
            message.Headers.Remove(header.Name);
            message.Headers.TryAddWithoutValidation(header.Name, header.Value.Reveal());
        }

        return message;
    }

    private async Task<Outcome> LendAsync(
        ActionRecord action,
        HttpCall call,
        HttpOptions target,
        AnswerBounds bounds,
        Action<LiveAnswer>? caller,
        CancellationToken cancellationToken)
    {
        Lent? credential = null;
        if (target.Credential is { } standing)
        {
            try
            {
                var asked = standing(null, cancellationToken);
                var atOnce = asked.IsCompleted;
                credential = await asked;
                if (!atOnce
                    && await _claims.WhyTooLateAsync(action, usableUntil: null, cancellationToken) is { } tooLate)
                {
                    return NothingSent(tooLate);
                }
            }
            catch (CredentialException none)
            {
                return NothingSent(none.Message);
            }
            catch (OperationCanceledException)
            {
                return NothingSent("the time for this action ended while its credential was asked for.");
            }
        }

        return await SendAsync(action, call, target, credential, bounds, caller, cancellationToken);
    }

    private async Task<Outcome> SendAsync(
        ActionRecord action,
        HttpCall call,
        HttpOptions target,
        Lent? credential,
        AnswerBounds bounds,
        Action<LiveAnswer>? caller,
        CancellationToken cancellationToken)
    {
        using var message = Compose(
            call, credential, call.AddressAt(target.Upstream), isRead: false, out var content);
        message.Headers.TryAddWithoutValidation(Key, KeyOf(action));
        if (action.Preview?.Tag is { } tag)
        {
            if (call.Headers.Find(HttpHeaders.IfMatch) is { } asked && !Matches(asked, tag))
            {
                return NothingSent(
                    $"the agent asked for the version {asked} (If-Match), and people approved it for {tag}. Read it " +
                    "again, and ask with the present version or without one.");
            }

            // In place of the agent's: '*' or a list would let it run on versions that nobody saw.
            message.Headers.Remove("If-Match");
            message.Headers.TryAddWithoutValidation("If-Match", tag);
        }

        return await SendAsync(
            new Sending(action.Action.Target, call, target, message, content, credential, caller) { Bounds = bounds },
            cancellationToken);
    }

    /// <summary>Whether a version is one of those that <c>If-Match</c> names (RFC 9110 section 13.1.1).</summary>
    private static bool Matches(string asked, string tag) => asked == "*"
        || asked.Split(',', StringSplitOptions.TrimEntries).Contains(tag, StringComparer.Ordinal);

    private async Task<Outcome> SendAsync(Sending sending, CancellationToken cancellationToken)
    {
        var (_, call, target, _, content, credential, caller) = sending;
        LiveAnswer? answer = null;
        var handedOver = false;
        try
        {
            // 3.
            answer = await AskAsync(sending, cancellationToken);
            if (answer.Status == 401 && credential is not null)
            {
                await RenewAsync(target, credential, cancellationToken);
                return Failed(
                    "The target refused the credential that the gateway has for it (HTTP 401), so it did nothing. " +
                    "Tell the operator to mend 'credentials' of the target.");
            }

            // 4.
            var most = caller is null ? target.Limits.Kept : target.Limits.Recorded;
            await answer.ReadHeadAsync(
                most, caller is null ? target.Limits.FirstByte : target.Limits.Head, cancellationToken);
            var outcome = OutcomeOf(sending, answer);
            if (caller is not null)
            {
                handedOver = true;
                caller(answer);
            }

            return outcome;
        }
        catch (WithheldException withheld)
        {
            return Withheld(answer, withheld, credential);
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException or InvalidDataException
            or OperationCanceledException)
        {
            return Lost(call, content, lost, answer);
        }
        finally
        {
            if (!handedOver && answer is not null)
            {
                await answer.DisposeAsync();
            }
        }
    }

    private async Task<LiveAnswer> AskAsync(Sending sending, CancellationToken cancellationToken)
    {
        var (name, _, target, message, _, credential, _) = sending;
        var upstream = upstreams.For(name, target);
        using var limit = new CancellationTokenSource(target.Limits.FirstByte, options.Time);
        using var either = cancellationToken.UnsafeRegister(
            static limit => ((CancellationTokenSource)limit!).Cancel(), limit);
        var response = await upstream.Invoker.SendAsync(message, limit.Token);
        ImmutableArray<string> secrets = credential?.Secrets ?? [];
        try
        {
            return await LiveAnswer.OpenAsync(response, upstream, secrets, sending.Bounds, options.Time);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>For the next request: this one is not sent again.</summary>
    private static async Task RenewAsync(HttpOptions target, Lent refused, CancellationToken cancellationToken)
    {
        if (target.Credential is not { } standing)
        {
            return;
        }

        try
        {
            await standing(refused, cancellationToken);
        }
        catch (Exception none) when (none is CredentialException or OperationCanceledException)
        {
            // The next request says so.
        }
    }

    private static Outcome OutcomeOf(Sending sending, LiveAnswer answer)
    {
        var (state, error) = answer.Status switch
        {
            // The same request somewhere else (RFC 9110 sections 15.4.8 and 15.4.9): here it did nothing.
            307 or 308 when !sending.Call.IsSafe => (
                OutcomeState.Failed,
                $"The target answered HTTP {answer.Status}: it is elsewhere now. The gateway follows nobody there; " +
                "tell the operator to mend 'upstream' of the target, or ask for the other path."),
            < 400 => (OutcomeState.Succeeded, null),
            var status when !sending.Call.IsSafe && SaysNothing.Contains(status) => (
                OutcomeState.Unknown,
                $"A server before the target answered HTTP {status}: the target may or may not have acted."),
            var status => (OutcomeState.Failed, $"The target answered HTTP {status}."),
        };
        if (sending.Caller is null && !answer.IsComplete)
        {
            error ??= "The target did it, but its answer is too long to be kept.";
        }

        var kept = sending.IsKept ? (ReadOnlyMemory<byte>?)StoredAnswer.Write(answer) : null;
        return new Outcome(state, kept, error, TimeSpan.Zero) { Masked = answer.Masked };
    }

    /// <summary>The target acted, and nobody may see what it said.</summary>
    private static Outcome Withheld(LiveAnswer? answer, WithheldException withheld, Lent? credential) => new(
        OutcomeState.Succeeded,
        Result: null,
        $"The request was sent{(answer is null ? "" : $" and answered with HTTP {answer.Status}")}; the answer is " +
        $"withheld: {withheld.Message}",
        TimeSpan.Zero)
    {
        Masked = answer?.Masked ?? RedactionReport.Empty,
    };

    private static Outcome Lost(HttpCall call, OnceContent? content, Exception lost, LiveAnswer? answer)
    {
        var why = lost is OperationCanceledException ? "it took too long" : lost.Message.TrimEnd('.');
        var notSent = lost is HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError
        };
        return answer switch
        {
            null when notSent && content is not { HasBegun: true } =>
                NothingSent($"the target cannot be reached ({why})."),
            _ when call.IsSafe => Failed($"The target gave no answer ({why})."),
            _ => new Outcome(
                OutcomeState.Unknown,
                Result: null,
                $"The connection to the target was lost ({why}). It may or may not have acted: look at the target " +
                "before asking again.",
                TimeSpan.Zero),
        };
    }

    /// <summary>The same for one use of one approval, and for nothing else.</summary>
    public static string KeyOf(ActionRecord action) => string.Create(
        CultureInfo.InvariantCulture, $"{action.Id}-{action.Life.Revision}-{action.Life.Execution?.Fence ?? 0}");

    private static Outcome NothingSent(string why) => Failed($"Nothing was sent: {why}");

    private static Outcome Failed(string error) => new(OutcomeState.Failed, Result: null, error, TimeSpan.Zero);

    /// <summary>One request on its way.</summary>
    private sealed record Sending(
        TargetName Name,
        HttpCall Call,
        HttpOptions Target,
        HttpRequestMessage Message,
        OnceContent? Content,
        Lent? Credential,
        Action<LiveAnswer>? Caller)
    {
        /// <summary>Whether the record holds what was answered.</summary>
        public bool IsKept { get; init; } = true;

        /// <summary>What was approved of the answer; nothing of a read that nobody had to approve.</summary>
        public AnswerBounds Bounds { get; init; }
    }
}
