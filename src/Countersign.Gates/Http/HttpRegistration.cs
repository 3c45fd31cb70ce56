using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Gates.Http;

/// <summary>Puts the HTTP gate into a server.</summary>
internal static class HttpRegistration
{
    public static IServiceCollection AddHttpGate(
        this IServiceCollection services, Func<IServiceProvider, HttpGateOptions> options) =>
        services.AddSingleton(provider => new HttpGate(options(provider)));

    /// <summary>Maps <c>/http/{target}</c> and everything below it, with every method.</summary>
    public static IEndpointRouteBuilder MapHttpGate(this IEndpointRouteBuilder endpoints)
    {
        var gate = endpoints.ServiceProvider.GetRequiredService<HttpGate>();
        endpoints.Map(
            "/http/{target}/{**rest}",
            (HttpContext context, string target) => gate.HandleAsync(context, target));
        return endpoints;
    }
}
