using Countersign.Core.Identity.Tokens;
using Countersign.Server.Configuration;

namespace Countersign.Server.SignIn;

/// <summary>
/// One issuer and the keys it signs with at present. Keys are asked for again when they are ten minutes old, and at
/// once when a token names one that is not among them: so a new key is known as soon as it is used, and one that was
/// withdrawn is soon forgotten. Keys that nobody could confirm for an hour count no more.
/// </summary>
internal sealed class TokenIssuer(
    IssuerOptions options, ProviderHttp http, TimeProvider time, ILogger logger)
{
    /// <summary>
    /// How often keys may be asked for: tokens with invented names of keys must not make this node ask without end.
    /// </summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan GoodFor = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();

    // Guarded by the lock.
    private Held? _held;
    private Task<Held>? _asking;
    private DateTimeOffset _asked = DateTimeOffset.MinValue;

    public IssuerOptions Options => options;

    /// <summary>Whether a token is this issuer's, for us, and in time; what cannot be told is no.</summary>
    public async ValueTask<TokenCheck> VerifyAsync(
        JsonWebToken token, TokenRules rules, CancellationToken cancellationToken)
    {
        try
        {
            var now = time.GetUtcNow();
            var held = await FindAsync(newerThan: null, cancellationToken);
            var check = token.Verify(held.Keys, rules, now);
            if (check is TokenCheck.UnknownKey)
            {
                held = await FindAsync(newerThan: held, cancellationToken);
                check = token.Verify(held.Keys, rules, now);
            }

            return check is TokenCheck.UnknownKey
                ? new TokenCheck.Failed("It is signed with no key of its issuer ('kid').")
                : check;
        }
        catch (ProviderException unreachable)
        {
            logger.IssuerUnreachable(options.Issuer, unreachable.Message);
            return new TokenCheck.Failed("The keys of its issuer cannot be fetched now.");
        }
    }

    public TokenRules Rules => new(options.Issuer, options.Audience) { Algorithms = options.Algorithms };

    /// <summary>What the issuer says of itself, as it was last read.</summary>
    /// <exception cref="ProviderException">It cannot be read.</exception>
    public async Task<ProviderDocument> DescribeAsync(CancellationToken cancellationToken) =>
        (await FindAsync(newerThan: null, cancellationToken)).Document
        ?? throw new ProviderException($"{options.Issuer} has no discovery document here: take 'keys' out.");

    private async Task<Held> FindAsync(Held? newerThan, CancellationToken cancellationToken)
    {
        Task<Held> asking;
        Held? known;
        lock (_lock)
        {
            known = _held;
            var now = time.GetUtcNow();
            var isFresh = known is not null && known != newerThan && now - known.At < FreshFor;
            if (known is not null && (isFresh || now - _asked < Pause) && now - known.At < GoodFor)
            {
                return known;
            }

            if (_asking is null)
            {
                _asked = now;
                _asking = AskOnceAsync();
            }

            asking = _asking;
        }

        try
        {
            return await asking.WaitAsync(cancellationToken);
        }
        catch (ProviderException failure) when (known is not null && time.GetUtcNow() - known.At < GoodFor)
        {
            // An issuer that is away for a moment takes nobody's keys away.
            logger.IssuerUnreachable(options.Issuer, failure.Message);
            return known;
        }
    }

    private async Task<Held> AskOnceAsync()
    {
        await Task.Yield();
        try
        {
            var held = await AskAsync();
            lock (_lock)
            {
                _held = held;
            }

            return held;
        }
        finally
        {
            lock (_lock)
            {
                _asking = null;
            }
        }
    }

    private async Task<Held> AskAsync()
    {
        var at = time.GetUtcNow();
        var document = options.Keys is null
            ? ProviderDocument.Parse(
                options.Issuer,
                await http.GetAsync(
                    options.Metadata ?? ProviderDocument.AddressOf(options.Issuer), CancellationToken.None))
            : null;
        var body = await http.GetAsync(options.Keys ?? document!.Keys, CancellationToken.None);
        try
        {
            return new Held(TokenKeySet.Parse(body), document, at);
        }
        catch (FormatException unusable)
        {
            throw new ProviderException($"The keys of {options.Issuer} cannot be used: {unusable.Message}");
        }
    }

    private sealed record Held(TokenKeySet Keys, ProviderDocument? Document, DateTimeOffset At);
}
