namespace Countersign.Core.Redaction.Secrets;

/// <summary>Payments and shops; and models.</summary>
internal static partial class TokenTable
{
    private const string Payments =
        """
        stripe-key sk_live_ {w16-120}
        stripe-test-key sk_test_ {w16-120}
        stripe-restricted-key rk_live_ {w16-120}
        stripe-restricted-test-key rk_test_ {w16-120}
        stripe-webhook-secret whsec_ {b32-64}
        square-token sq0atp- {n22}
        square-secret sq0csp- {n43}
        square-production-token EAAAE|EAAAl {n55-60}
        braintree-token access_token$production$ {l16}${h32}
        plaid-token access-production-|access-sandbox-|access-development- {h8}-{h4}-{h4}-{h4}-{h12}
        razorpay-key rzp_live_|rzp_test_ {w14}
        shopify-token shpat_ {x32}
        shopify-custom-token shpca_ {x32}
        shopify-private-token shppa_ {x32}
        shopify-shared-secret shpss_ {x32}
        shopify-user-token shpua_ {x32}
        flutterwave-key FLWSECK-|FLWSECK_TEST- {h32}-X
        mollie-key live_|test_ {w30}
        lob-key live_|test_ {h35}
        easypost-key EZAK {w54}
        easypost-test-key EZTK {w54}
        shippo-token shippo_live_|shippo_test_ {h40}
        duffel-token duffel_live_|duffel_test_ {n43}
        paddle-key pdl_live_apikey_|pdl_sdbx_apikey_ {l26}_{w22}_{w3}
        xendit-key xnd_production_|xnd_development_ {w40-90}
        mercadopago-token APP_USR- {d16}-{d6}-{h32}-{d7-10}
        facebook-token EAAM|EAAC|EAAB {w100+}
        instagram-token IGQV {w100+}

        """;

    private const string Models =
        """
        anthropic-key sk-ant-api03- {n95}
        anthropic-admin-key sk-ant-admin01- {n95}
        anthropic-oauth-token sk-ant-oat01- {n90-110}
        anthropic-session-key sk-ant-sid01- {n80-120}
        openai-project-key sk-proj- {n40-200}
        openai-service-key sk-svcacct- {n40-200}
        openai-admin-key sk-admin- {n40-200}
        openai-key sk- {w48}
        deepseek-key sk- {h32}
        openrouter-key sk-or-v1- {h64}
        langfuse-secret sk-lf- {h8}-{h4}-{h4}-{h4}-{h12}
        elevenlabs-key sk_ {h48}
        perplexity-key pplx- {w48}
        groq-key gsk_ {w52}
        xai-key xai- {w80}
        huggingface-token hf_ {w34}
        huggingface-organization-token api_org_ {w34}
        replicate-token r8_ {w37}
        fireworks-key fw_ {w22-24}
        together-key tgp_v1_ {n43}
        langsmith-key lsv2_pt_|lsv2_sk_ {h32}_{h10}
        pinecone-key pcsk_ {w5-6}_{w62-64}
        cerebras-key csk- {l48}
        nvidia-key nvapi- {n60-70}
        tavily-key tvly-|tvly-dev-|tvly-prod- {w32}
        firecrawl-key fc- {h32}
        jina-key jina_ {n60-66}
        voyage-key pa- {n43}
        modal-token ak-|as- {w22}
        runpod-key rpa_ {w42-48}
        apify-token apify_api_ {w36}
        sandbox-e2b-key e2b_ {h40}
        browserbase-key bb_live_|bb_test_ {n27}
        dify-key app- {w24}
        helicone-key sk-helicone- {l7}-{l7}-{l7}-{l7}

        """;
}
