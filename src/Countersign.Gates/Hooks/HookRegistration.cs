using Countersign.Core.Actions;
using Countersign.Gates.Access;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Gates.Hooks;

/// <summary>Adds the gate that reads what coding agents' hooks ask over the API.</summary>
internal static class HookRegistration
{
    public static void AddHookGate(this IServiceCollection services)
    {
        services.AddSingleton<HookSessions>();
        services.AddSingleton<HookGate>();
        services.AddSingleton<HookSilence>();
        services.AddHostedService(provider => provider.GetRequiredService<HookSilence>());
        services.AddSingleton(provider =>
            new GateReader(GateKind.Hook, provider.GetRequiredService<HookGate>().CompleteAsync));
    }
}
