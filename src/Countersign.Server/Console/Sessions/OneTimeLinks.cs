using Countersign.Core;
using Countersign.Core.Identity;

namespace Countersign.Server.Console.Sessions;

/// <summary>
/// Links that sign one person in once: how the demo lets a visitor in. Looking at a link uses nothing up, because mail
/// scanners and browsers fetch links that nobody opened.
/// </summary>
internal sealed class OneTimeLinks(TimeProvider time, FillRandom random)
{
    public const int MaxLinks = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Link> _links = [];

    /// <summary>Makes the code of a new link.</summary>
    public string Create(PersonId person, TimeSpan lifetime)
    {
        var code = SecretText.Create(random);
        var now = time.GetUtcNow();
        lock (_lock)
        {
            foreach (var key in _links.Where(pair => pair.Value.ExpiresAt <= now).Select(pair => pair.Key).ToList())
            {
                _links.Remove(key);
            }

            if (_links.Count >= MaxLinks)
            {
                throw new InvalidOperationException(
                    $"There are {MaxLinks} unused sign-in links; wait until some expire before making more.");
            }

            _links.Add(SecretText.HashOf(code), new Link(person, now + lifetime));
        }

        return code;
    }

    /// <summary>Whom a link would sign in; <c>null</c> when it is unknown, used or expired.</summary>
    public PersonId? Peek(string code)
    {
        lock (_lock)
        {
            return Valid_NeedsLock(SecretText.HashOf(code));
        }
    }

    /// <summary>Uses a link up and says whom it signs in.</summary>
    public PersonId? Consume(string code)
    {
        lock (_lock)
        {
            var key = SecretText.HashOf(code);
            var person = Valid_NeedsLock(key);
            _links.Remove(key);
            return person;
        }
    }

    private PersonId? Valid_NeedsLock(string key) =>
        _links.TryGetValue(key, out var link) && time.GetUtcNow() < link.ExpiresAt ? link.Person : null;

    private sealed record Link(PersonId Person, DateTimeOffset ExpiresAt);
}
