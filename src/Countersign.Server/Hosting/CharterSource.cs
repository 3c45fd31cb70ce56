using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Policies;
using Countersign.Server.Configuration;

namespace Countersign.Server.Hosting;

/// <summary>Makes the charter that is in force from the configuration, and hands out the present one.</summary>
internal sealed class CharterSource
{
    public CharterSource(Settings settings, TimeProvider time) => Current = CharterOf(settings, time);

    public Charter Current { get; }

    /// <summary>Loads a policy against the people who would have to meet it.</summary>
    /// <exception cref="ConfigurationException">The policy is refused; the message lists every reason.</exception>
    public static Policy LoadPolicy(Settings settings) => Policy.Load(settings.Policies, settings.People) switch
    {
        PolicyLoad.Loaded loaded => loaded.Policy,
        PolicyLoad.Refused refused => throw new ConfigurationException(refused.ToString()),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static Charter CharterOf(Settings settings, TimeProvider time)
    {
        var calendar = Calendars.Of(settings.Freezes, time);
        var policy = LoadPolicy(settings);
        return new Charter
        {
            People = settings.People,
            Targets = settings.Targets.ToImmutableDictionary(target => target.Target.Name, target => target.Target),
            Policy = policy.Hash,
            Judge = (asking, preview) => policy.Judge(
                PolicyInput.Of(asking, settings.People) with { Preview = preview, Calendar = calendar }),
        };
    }
}
