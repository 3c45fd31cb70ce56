using System.Collections.Concurrent;
using System.Text;
using Countersign.Core;
using Countersign.Core.Identity;

namespace Countersign.Server.Storage;

/// <summary>
/// Which pseudonym stands for which person, both ways. The mapping is random, not computed: once its row is erased,
/// nobody can find the person again, not even with the keys.
/// </summary>
internal sealed class Pseudonyms(PayloadVault vault, FillRandom random)
{
    private const string Context = "countersign-person-v1";

    private readonly ConcurrentDictionary<PersonId, Pseudonym> _byPerson = new();
    private readonly ConcurrentDictionary<Pseudonym, PersonId> _byPseudonym = new();

    public Pseudonym? Find(PersonId person) => _byPerson.TryGetValue(person, out var known) ? known : null;

    /// <summary>The person; whose mapping was erased stays the pseudonym.</summary>
    public PersonId PersonOf(Pseudonym pseudonym) =>
        _byPseudonym.TryGetValue(pseudonym, out var person) ? person : new PersonId(pseudonym.Value);

    /// <summary>
    /// Draws a pseudonym for a person who has none, and seals who it is; <see cref="Add"/> follows the commit.
    /// </summary>
    /// <remarks>
    /// Who it is can be looked up at once: readers see a commit before its writer knows of it, and a vote by nobody
    /// they know would not keep its author from approving. A pseudonym that is never committed is in no row.
    /// </remarks>
    public NewPseudonym Draw(PersonId person)
    {
        var pseudonym = Pseudonym.Create(random);
        _byPseudonym[pseudonym] = person;
        return new NewPseudonym(pseudonym, person,
            vault.SealValue(Encoding.UTF8.GetBytes(person.Value), ContextOf(pseudonym)));
    }

    public void Add(Pseudonym pseudonym, PersonId person)
    {
        _byPseudonym[pseudonym] = person;
        _byPerson[person] = pseudonym;
    }

    /// <summary>Adds a mapping as it was read from the store.</summary>
    public void AddSealed(Pseudonym pseudonym, byte[] sealedId) =>
        Add(pseudonym, new PersonId(Encoding.UTF8.GetString(vault.OpenValue(sealedId, ContextOf(pseudonym)))));

    public static string ContextOf(Pseudonym pseudonym) => $"{Context}\n{pseudonym}";
}

/// <summary>A pseudonym that was drawn and is not committed yet.</summary>
internal sealed record NewPseudonym(Pseudonym Pseudonym, PersonId Person, byte[] SealedId);
