// SPDX-License-Identifier: GPL-2.0
/*
 * A function that only counts references is no pair: what it returns may be released as often
 * as it was asked for.
 */
#include "pair/known.h"
#include "util/macros.h"

const struct pair_known pairs_known[] = {
	{ "curl", "libcurl.so.4:curl_easy_init/curl_easy_cleanup" },
	{ "curl", "libcurl.so.4:curl_easy_duphandle/curl_easy_cleanup" },
	{ "curl", "libcurl.so.4:curl_multi_init/curl_multi_cleanup" },
	{ "curl", "libcurl.so.4:curl_mime_init/curl_mime_free" },
	{ "dir", "libc.so.6:opendir/closedir" },
	{ "dir", "libc.so.6:fdopendir/closedir" },
	{ "dl", "libc.so.6:dlopen/dlclose" },
	{ "libpq", "libpq.so.5:PQconnectdb/PQfinish" },
	{ "libpq", "libpq.so.5:PQconnectdbParams/PQfinish" },
	{ "libpq", "libpq.so.5:PQsetdbLogin/PQfinish" },
	{ "libpq", "libpq.so.5:PQexec/PQclear" },
	{ "libpq", "libpq.so.5:PQexecParams/PQclear" },
	{ "libpq", "libpq.so.5:PQexecPrepared/PQclear" },
	{ "libpq", "libpq.so.5:PQprepare/PQclear" },
	{ "libpq", "libpq.so.5:PQgetResult/PQclear" },
	{ "libxml2", "libxml2.so.2:xmlNewDoc/xmlFreeDoc" },
	{ "libxml2", "libxml2.so.2:xmlReadMemory/xmlFreeDoc" },
	{ "libxml2", "libxml2.so.2:xmlReadFile/xmlFreeDoc" },
	{ "libxml2", "libxml2.so.2:xmlParseFile/xmlFreeDoc" },
	{ "libxml2", "libxml2.so.2:xmlParseMemory/xmlFreeDoc" },
	{ "libxml2", "libxml2.so.2:xmlXPathNewContext/xmlXPathFreeContext" },
	{ "openssl", "libssl.so.3:SSL_new/SSL_free" },
	{ "openssl", "libcrypto.so.3:EVP_MD_CTX_new/EVP_MD_CTX_free" },
	{ "openssl", "libcrypto.so.3:EVP_CIPHER_CTX_new/EVP_CIPHER_CTX_free" },
	{ "openssl", "libcrypto.so.3:EVP_PKEY_CTX_new/EVP_PKEY_CTX_free" },
	{ "openssl", "libcrypto.so.3:X509_STORE_CTX_new/X509_STORE_CTX_free" },
	{ "openssl", "libcrypto.so.3:BN_CTX_new/BN_CTX_free" },
	{ "openssl", "libcrypto.so.3:BN_new/BN_free" },
	{ "pam", "libpam.so.0:pam_start=*arg4/pam_end" },
	{ "pcre2", "libpcre2-8.so.0:pcre2_compile_8/pcre2_code_free_8" },
	{ "pcre2", "libpcre2-8.so.0:pcre2_match_data_create_8/pcre2_match_data_free_8" },
	{ "pcre2", "libpcre2-8.so.0:pcre2_match_data_create_from_pattern_8/pcre2_match_data_free_8" },
	{ "sqlite", "libsqlite3.so.0:sqlite3_open=*arg2/sqlite3_close" },
	{ "sqlite", "libsqlite3.so.0:sqlite3_open=*arg2/sqlite3_close_v2" },
	{ "sqlite", "libsqlite3.so.0:sqlite3_open_v2=*arg2/sqlite3_close_v2" },
	{ "sqlite", "libsqlite3.so.0:sqlite3_open_v2=*arg2/sqlite3_close" },
	{ "sqlite", "libsqlite3.so.0:sqlite3_prepare_v2=*arg4/sqlite3_finalize" },
	{ "sqlite", "libsqlite3.so.0:sqlite3_prepare_v3=*arg5/sqlite3_finalize" },
	{ "sqlite", "libsqlite3.so.0:sqlite3_prepare=*arg4/sqlite3_finalize" },
	{ "zlib", "libz.so.1:inflateInit_=arg1/inflateEnd" },
	{ "zlib", "libz.so.1:inflateInit2_=arg1/inflateEnd" },
	{ "zlib", "libz.so.1:deflateInit_=arg1/deflateEnd" },
	{ "zlib", "libz.so.1:deflateInit2_=arg1/deflateEnd" },
	{ "zlib", "libz.so.1:gzopen/gzclose" },
};

const size_t npairs_known = ARRAY_SIZE(pairs_known);
