using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Core.Identity.Tokens;

/// <summary>What a token says, once its signature was checked.</summary>
public sealed class TokenClaims
{
    private const int MaxTexts = 2000;

    private readonly JsonElement _root;

    internal TokenClaims(JsonElement root, Subject subject, DateTimeOffset expiresAt)
    {
        _root = root;
        Subject = subject;
        ExpiresAt = expiresAt;
    }

    /// <summary>Whom it is about.</summary>
    public Subject Subject { get; }

    /// <summary>Its own end, without the tolerance that was given.</summary>
    public DateTimeOffset ExpiresAt { get; }

    public bool Has(string claim) => _root.TryGetProperty(claim, out _);

    /// <summary>A claim that is one text; <c>null</c> when it is missing or something else.</summary>
    public string? FindText(string claim) =>
        _root.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>
    /// A claim that is a text or a list of texts; <c>null</c> when it is missing or something else, such as the
    /// reference that an issuer sends instead of a list it finds too long.
    /// </summary>
    public ImmutableHashSet<string>? FindTexts(string claim) =>
        _root.TryGetProperty(claim, out var value) ? TextsOf(value) : null;

    /// <summary>
    /// The certificate that the token is bound to (<c>cnf</c>, RFC 8705 section 3.1); <c>null</c> when it is bound to
    /// none, or to something else as well.
    /// </summary>
    public string? FindConfirmation() =>
        _root.TryGetProperty("cnf", out var bound) && bound.ValueKind == JsonValueKind.Object
        && bound.EnumerateObject().Count() == 1
        && bound.TryGetProperty("x5t#S256", out var hash) && hash.ValueKind == JsonValueKind.String
            ? hash.GetString()
            : null;

    /// <summary>The same for an answer that is no token, such as that of a userinfo endpoint.</summary>
    public static ImmutableHashSet<string>? TextsOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array when value.GetArrayLength() <= MaxTexts
            && value.EnumerateArray().All(each => each.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(each => each.GetString()!)],
        _ => null,
    };

    /// <summary>
    /// The chain of <c>act</c> (RFC 8693 section 4.1), the present actor first; <c>null</c> when it cannot be read.
    /// Actors without an issuer of their own are this issuer's.
    /// </summary>
    public ImmutableArray<Subject>? FindActors(int longest)
    {
        var actors = ImmutableArray.CreateBuilder<Subject>();
        var at = _root;
        while (at.TryGetProperty("act", out var actor))
        {
            if (actors.Count == longest || actor.ValueKind != JsonValueKind.Object
                || !TryReadActor(actor, out var subject))
            {
                return null;
            }

            actors.Add(subject);
            at = actor;
        }

        return actors.ToImmutable();
    }

    private bool TryReadActor(JsonElement actor, out Subject subject)
    {
        subject = default;
        if (!actor.TryGetProperty("sub", out var name) || name.ValueKind != JsonValueKind.String
            || !Subject.IsNamed(name.GetString())
            || (actor.TryGetProperty("iss", out var issuer)
                && (issuer.ValueKind != JsonValueKind.String || issuer.GetString() != Subject.Issuer)))
        {
            return false;
        }

        subject = new Subject(Subject.Issuer, name.GetString()!);
        return true;
    }
}
