using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Tokens;
using Countersign.Gates.Access;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;

namespace Countersign.Server.SignIn;

/// <summary>
/// Finds out who calls a gate: (1) by a token that a registered issuer signed, (2) by a token of the configuration,
/// (3) by a client certificate. A token and a certificate of two agents are nobody's.
/// </summary>
/// <remarks>
/// The actors of a token that was exchanged (<c>act</c>, RFC 8693 section 4.1): the first is the agent that asks now,
/// the subject is whom it acts for. Every earlier actor has to be registered too, and nobody may stand behind one of
/// them who does not stand behind the request as it will be recorded. Otherwise an owner of an agent early in the chain
/// could approve what began with it.
/// </remarks>
internal sealed class Callers(
    CharterSource charter, ImmutableDictionary<string, TokenIssuer> issuers, ILogger<Callers> logger)
{
    private const int LongestChain = 4;

    private const string Unknown = "It is about nobody who is registered here.";

    public async ValueTask<Caller?> FindAsync(Presented shown, CancellationToken cancellationToken)
    {
        // 3.
        var certified = shown.Certificate is { } hash ? OfCertificate(hash.Span) : null;
        if (shown.Token is not { } token)
        {
            return certified is { } alone ? new Caller.OfAgent(new Asker(alone, OnBehalfOf: null)) : null;
        }

        // 1 before 2, because a token that is in no list is compared with every SCRAM verifier, which costs much.
        var caller = TryRead(token, out var issued, out var issuer)
            ? await FindIssuedAsync(issued, issuer, shown, cancellationToken)
            : charter.Tokens.Find(token);
        return certified is { } agent && !(caller is Caller.OfAgent known && known.Asker.Agent == agent)
            ? null
            : caller;
    }

    /// <summary>Whether it says that a registered issuer made it; nothing of it is checked yet.</summary>
    private bool TryRead(
        string text, [NotNullWhen(true)] out JsonWebToken? token, [NotNullWhen(true)] out TokenIssuer? issuer)
    {
        (token, issuer) = (null, null);
        return !issuers.IsEmpty
            && JsonWebToken.LooksLikeOne(text)
            && JsonWebToken.TryParse(text, out token)
            && issuers.TryGetValue(token.ClaimedIssuer ?? "", out issuer);
    }

    private async ValueTask<Caller?> FindIssuedAsync(
        JsonWebToken token, TokenIssuer issuer, Presented shown, CancellationToken cancellationToken)
    {
        var check = await issuer.VerifyAsync(token, issuer.Rules, cancellationToken);
        var (caller, whyNot) = check switch
        {
            TokenCheck.Passed { Claims: var claims } => CallerOf(claims, shown),
            TokenCheck.Failed failed => (null, failed.Why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (caller is null)
        {
            logger.TokenRefused(issuer.Options.Issuer, whyNot!);
        }

        return caller;
    }

    private (Caller? Caller, string? WhyNot) CallerOf(TokenClaims claims, Presented shown)
    {
        if (claims.Has("cnf") && !IsConfirmed(claims, shown))
        {
            return (null, "It is bound to a key that this connection was not made with ('cnf').");
        }

        if (claims.FindActors(LongestChain) is not { } actors)
        {
            return (null, "Its chain of actors cannot be read, or is too long ('act').");
        }

        return actors.IsEmpty
            ? charter.Registered.Find(claims.Subject) is IdentitySettings.OfAgent { Agent: var agent }
                ? (new Caller.OfAgent(new Asker(agent, OnBehalfOf: null)), null)
                : (null, Unknown)
            : OfChain(actors[0], [claims.Subject, .. actors[1..]]);
    }

    private (Caller? Caller, string? WhyNot) OfChain(Subject first, ImmutableArray<Subject> behind)
    {
        var registered = charter.Registered;
        var others = behind.Select(registered.Find).ToList();
        if (registered.Find(first) is not IdentitySettings.OfAgent { Agent: var agent } || others.Contains(null))
        {
            return (null, "Somebody in its chain of actors is not registered here ('sub', 'act').");
        }

        var persons = others.OfType<IdentitySettings.OfPerson>().Select(other => other.Person).Distinct().ToList();
        if (persons.Count > 1)
        {
            return (null, "Its chain of actors has two persons: an action is on behalf of one ('act').");
        }

        var asker = new Asker(agent, persons.Count == 1 ? persons[0] : null);
        var people = charter.Current.People;
        var chain = people.ActorChain(asker);
        return others.OfType<IdentitySettings.OfAgent>()
            .SelectMany(other => people.ActorChain(new Asker(other.Agent, OnBehalfOf: null)))
            .All(chain.Contains)
            ? (new Caller.OfAgent(asker), null)
            : (null, "Somebody stands behind an earlier actor and not behind the one that asks ('act').");
    }

    private AgentId? OfCertificate(ReadOnlySpan<byte> hash) =>
        charter.Registered.Find(new Subject(
            Subject.Certificate, $"sha256:{Convert.ToHexStringLower(hash)}")) is IdentitySettings.OfAgent known
            ? known.Agent
            : null;

    /// <summary>
    /// RFC 8705 section 3.1. A token bound in a way that cannot be checked here is refused: taking it as if it were not
    /// bound would let a thief use it.
    /// </summary>
    private static bool IsConfirmed(TokenClaims claims, Presented shown) =>
        shown.Certificate is { } hash && claims.FindConfirmation() == Base64Url.EncodeToString(hash.Span);
}
